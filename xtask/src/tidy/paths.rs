//! Paths that documents name must exist.

use super::{Files, Finding};

/// Endings of files that are named in documents without a folder.
const NAMED_ALONE: [&str; 2] = [".rs", ".md"];
/// Endings that make a word with a slash a path of ours.
const ENDINGS: [&str; 6] = [".rs", ".md", ".toml", ".sql", ".ftl", ".sh"];

/// Checks one document: what stands in backticks, and where links lead.
pub(super) fn check(path: &str, text: &str, files: &Files) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut in_block = false;
    for (index, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            in_block = !in_block;
        }
        if in_block {
            continue;
        }
        let named = quoted(line).filter(|word| is_path(word, files)).chain(links(line));
        let missing = named.filter(|word| !exists(path, word, files));
        let line = index.saturating_add(1);
        findings.extend(missing.map(|word| Finding::new(path, line, format!("names {word}, which does not exist"))));
    }
    findings
}

fn quoted(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

/// The targets of `[text](target)` that lie in the repository.
fn links(line: &str) -> impl Iterator<Item = &str> {
    let targets = line.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next());
    targets.filter(|target| !target.is_empty() && !target.contains(':'))
}

/// Whether a quoted word means a file or folder of ours, not a route, a type or a pattern.
fn is_path(word: &str, files: &Files) -> bool {
    let plain = word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-./".contains(&byte));
    if !plain || word.starts_with(['/', '~']) || word.contains("NNNN") {
        return false;
    }
    match word.split_once('/') {
        Some((first, _)) => {
            // A dot alone is a path; a top folder of ours begins one; so does anything that ends like a source.
            first.starts_with("..") || files.holds(first) || ENDINGS.iter().any(|ending| word.ends_with(ending))
        }
        None => NAMED_ALONE.iter().any(|ending| word.len() > ending.len() && word.ends_with(ending)),
    }
}

fn exists(document: &str, word: &str, files: &Files) -> bool {
    if !word.contains('/') {
        return files.holds_name(word);
    }
    let folder = document.rsplit_once('/').map_or("", |(folder, _)| folder);
    files.holds(&resolve("", word)) || files.holds(&resolve(folder, word))
}

/// A path seen from a folder, without `.` and `..`.
fn resolve(folder: &str, word: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in word.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn missing(line: &str) -> usize {
        let paths = ["README.md", "docs/API.md", "docs/decisions/0001-a.md", "crates/domain/src/lib.rs"];
        let files = Files { paths: paths.map(str::to_owned).to_vec() };
        check("docs/API.md", line, &files).len()
    }

    #[test]
    fn files_and_folders_that_exist_pass() {
        for line in [
            "`crates/domain`",
            "`docs/API.md`",
            "`lib.rs` and `README.md`",
            "[a](decisions/0001-a.md)",
            "[a](../README.md#x)",
        ] {
            assert_eq!(missing(line), 0, "{line}");
        }
    }

    #[test]
    fn files_that_do_not_exist_are_found() {
        for line in ["`crates/nothing`", "`docs/NONE.md`", "`none.rs`", "[a](none.md)", "`../gone/x.rs`"] {
            assert_eq!(missing(line), 1, "{line}");
        }
    }

    #[test]
    fn other_words_are_left_alone() {
        let lines = [
            "`whitelist-account/list`",
            "`/openapi.json`",
            "`docs/decisions/NNNN-title.md`",
            "`a | b/c.rs`",
            "[a](https://example.com/b.md)",
            "`.rs`",
        ];
        for line in lines {
            assert_eq!(missing(line), 0, "{line}");
        }
    }
}
