//! Stories that need a process of their own, because what they change is the whole process's.

use std::process::Command;

/// Runs an ignored test of this binary in a process of its own, after a shell's preparation, and expects it to pass.
pub(crate) fn run(preparation: &str, test: &str) {
    let status = Command::new("sh")
        .args(["-c", &format!("{preparation} && exec \"$0\" --exact {test} --ignored --nocapture")])
        .arg(std::env::current_exe().unwrap())
        .status()
        .unwrap();
    assert!(status.success());
}
