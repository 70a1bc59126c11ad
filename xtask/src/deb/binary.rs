//! What a program needs of the system that runs it.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::shell;

/// Debian's packages for what the program links to, such as `libc6 (>= 2.34), libgcc-s1`.
///
/// # Errors
/// When `readelf` fails, or the program links to something else.
pub(super) fn depends(program: &Path) -> Result<String> {
    let dynamic = shell::read(Command::new("readelf").args(["--dynamic", "--wide"]).arg(program))?;
    let versions = shell::read(Command::new("readelf").args(["--version-info", "--wide"]).arg(program))?;
    let libc = format!("libc6 (>= {})", newest_glibc(&versions).context("the program needs no version of glibc")?);
    let mut packages = vec![libc];
    for library in needed(&dynamic) {
        match library {
            "libc.so.6" | "libm.so.6" | "libdl.so.2" | "libpthread.so.0" | "librt.so.1" => {}
            "libgcc_s.so.1" => packages.push("libgcc-s1".to_owned()),
            loader if loader.starts_with("ld-linux") => {}
            other => bail!("the program needs {other}, and no package is known for it"),
        }
    }
    Ok(packages.join(", "))
}

/// The libraries of lines such as `0x… (NEEDED)  Shared library: [libc.so.6]`.
fn needed(dynamic: &str) -> impl Iterator<Item = &str> {
    let lines = dynamic.lines().filter(|line| line.contains("(NEEDED)"));
    lines.filter_map(|line| line.split_once('[')?.1.split(']').next())
}

/// The newest version named `GLIBC_2.34`.
fn newest_glibc(versions: &str) -> Option<String> {
    let named = versions.split(|byte: char| byte.is_whitespace()).filter_map(|word| word.strip_prefix("GLIBC_"));
    let parts = |version: &str| version.split('.').map(str::parse).collect::<Result<Vec<u32>, _>>().ok();
    let newest = named.filter_map(parts).max()?;
    Some(newest.iter().map(u32::to_string).collect::<Vec<_>>().join("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_number() {
        let versions = "0x0010: Name: GLIBC_2.9  Flags: none\n Name: GLIBC_2.34 \n Name: GLIBC_2.2.5\n Name: GCC_3.0";
        assert_eq!(newest_glibc(versions).as_deref(), Some("2.34"));
        assert_eq!(newest_glibc("Name: GCC_3.0"), None);
    }

    #[test]
    fn libraries_are_read_from_their_lines() {
        let dynamic = " 0x1 (NEEDED)  Shared library: [libgcc_s.so.1]\n 0x1 (NEEDED)  Shared library: [libc.so.6]\n 0xc (INIT) 0x1";
        assert_eq!(needed(dynamic).collect::<Vec<_>>(), ["libgcc_s.so.1", "libc.so.6"]);
    }
}
