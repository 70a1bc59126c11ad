//! Crates that must not be in the tree.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::Finding;

/// What must not be compiled in, and why.
const BANNED: &[(&str, &str)] = &[
    ("ring", "aws-lc-rs is our one cryptography provider"),
    ("openssl-sys", "TLS is rustls"),
    ("native-tls", "TLS is rustls"),
];

/// Asks cargo who brings each banned crate in.
pub(super) fn check(root: &Path) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for (name, reason) in BANNED {
        if let Some(tree) = who_needs(root, name)? {
            findings.push(Finding::new("Cargo.lock", 1, format!("{name} is in the tree ({reason}):\n{tree}")));
        }
    }
    Ok(findings)
}

/// The tree of those that need a crate; `None` when nobody does.
fn who_needs(root: &Path, name: &str) -> Result<Option<String>> {
    let mut cargo = Command::new("cargo");
    cargo.current_dir(root).args(["tree", "--workspace", "--offline", "--quiet", "--invert", name]);
    let output = cargo.output().context("cannot start cargo tree")?;
    let (tree, complaint) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if output.status.success() {
        return Ok((!tree.trim().is_empty()).then(|| tree.trim().to_owned()));
    }
    if complaint.contains("did not match any packages") {
        return Ok(None);
    }
    bail!("cargo tree: {}", complaint.trim())
}
