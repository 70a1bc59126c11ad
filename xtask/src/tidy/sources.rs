//! Rust files: size, header, and words that must not stay.

use super::Finding;

/// The longest file, in lines.
const LONGEST: usize = 500;
/// The longest file of tables of test cases.
const LONGEST_TABLES: usize = 800;

/// Macros of unfinished work.
const UNFINISHED: [&str; 3] = ["todo", "unimplemented", "dbg"];
/// What unsafe code begins with.
const UNSAFE: [&str; 4] = ["{", "fn", "impl", "extern"];
/// The crates that may hold unsafe code.
const UNSAFE_CRATES: [&str; 2] = ["crates/spool/", "crates/socket/"];

/// Checks one file.
pub(super) fn check(path: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    if path.ends_with("/mod.rs") {
        findings.push(Finding::new(path, 1, "name the file after its module: foo.rs beside foo/"));
    }
    if !text.starts_with("//!") {
        findings.push(Finding::new(path, 1, "begin the file with a //! line that says what lives here"));
    }
    let lines = text.lines().count();
    let longest = if is_test_table(path) { LONGEST_TABLES } else { LONGEST };
    if lines > longest {
        findings.push(Finding::new(path, lines, format!("{lines} lines, at most {longest}: part it")));
    }
    for (index, line) in text.lines().enumerate() {
        findings.extend(check_line(path, line).map(|message| Finding::new(path, index.saturating_add(1), message)));
    }
    findings
}

fn is_test_table(path: &str) -> bool {
    path.contains("/tests/")
}

fn check_line(path: &str, line: &str) -> Option<String> {
    let code = line.split("//").next().unwrap_or_default();
    if let Some(name) = UNFINISHED.iter().find(|name| code.contains(&format!("{name}!("))) {
        return Some(format!("{name}! must not stay"));
    }
    let may_be_unsafe = UNSAFE_CRATES.iter().any(|folder| path.starts_with(folder));
    let is_unsafe = UNSAFE.iter().any(|next| code.contains(&["unsafe", next].join(" ")));
    (is_unsafe && !may_be_unsafe).then(|| "unsafe code lives in crates/spool and crates/socket only".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(path: &str, text: &str) -> usize {
        check(path, text).len()
    }

    #[test]
    fn a_tidy_file_passes() {
        assert_eq!(messages("crates/a/src/b.rs", "//! Here.\nfn a() {}\n"), 0);
    }

    #[test]
    fn headers_names_and_sizes_are_checked() {
        assert_eq!(messages("crates/a/src/b.rs", "fn a() {}\n"), 1);
        assert_eq!(messages("crates/a/src/b/mod.rs", "//! Here.\n"), 1);
        assert_eq!(messages("crates/a/src/b.rs", &"//! Here.\n".repeat(501)), 1);
        assert_eq!(messages("crates/a/tests/it/b.rs", &"//! Here.\n".repeat(501)), 0);
        assert_eq!(messages("crates/a/tests/it/b.rs", &"//! Here.\n".repeat(801)), 1);
    }

    #[test]
    fn words_that_must_not_stay_are_found_in_code_only() {
        for name in UNFINISHED {
            assert_eq!(messages("crates/a/src/b.rs", &format!("//! Here.\nfn a() {{ {name}!() }}\n")), 1);
            assert_eq!(messages("crates/a/src/b.rs", &format!("//! Here.\n// {name}!() is banned\n")), 0);
        }
        let dangerous = format!("//! Here.\nfn a() {{ un{} }}\n", "safe { b() }");
        assert_eq!(messages("crates/a/src/b.rs", &dangerous), 1);
        assert_eq!(messages("crates/spool/src/b.rs", &dangerous), 0);
    }
}
