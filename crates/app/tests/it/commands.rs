//! Commands by themselves: where there is no store, and when nobody reads what they print.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::server::Site;

/// Runs a command on a data folder that may not exist.
fn run(data: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_turnpike"));
    command.args(arguments).arg("--data").arg(data).stdin(Stdio::null());
    command.env_remove("TURNPIKE_CONFIG").env_remove("TURNPIKE_DATA").output().unwrap()
}

#[test]
fn a_mistyped_folder_does_not_become_a_store() {
    let folder = tempfile::tempdir().unwrap();
    let (nowhere, archive) = (folder.path().join("nowhere"), folder.path().join("archive.tar"));
    let commands: [&[&str]; 11] = [
        &["customer", "list"],
        &["customer", "suspend", "anna@example.com"],
        &["customer", "key", "1"],
        &["node", "list"],
        &["node", "revoke", "fra-1"],
        &["token", "list"],
        &["usage"],
        &["verify"],
        &["grant", "1", "--kb", "1"],
        &["backup", archive.to_str().unwrap()],
        &["after-restore"],
    ];
    for arguments in commands {
        let output = run(&nowhere, arguments);
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && told.contains("there is no store at"), "{arguments:?}: {told}");
        assert!(told.contains(&nowhere.display().to_string()) && told.contains("--data"), "{told}");
        assert!(!nowhere.exists() && !archive.exists(), "{arguments:?} made something");
    }
    // What adds something may be the first command of all.
    assert!(run(&nowhere, &["customer", "add", "anna@example.com"]).status.success());
    let listed = run(&nowhere, &["customer", "list"]);
    assert!(listed.status.success() && String::from_utf8(listed.stdout).unwrap().contains("anna@example.com"));
}

#[test]
fn on_postgresql_a_missing_key_says_that_the_folder_is_the_wrong_one() {
    let folder = tempfile::tempdir().unwrap();
    // Nothing listens there: it is not even asked.
    let site = Site::new(folder.path(), "postgres://nobody@127.0.0.1:1/nothing");
    let told = site.refused(&["customer", "list"]);
    assert!(told.contains("there is no master key at"), "{told}");
    assert!(!site.config.with_file_name("data").exists());
}

#[test]
fn a_reader_that_has_read_enough_is_no_failure() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = Command::new(env!("CARGO_BIN_EXE_turnpike"));
    command.arg("check-config").env_remove("TURNPIKE_CONFIG").env_remove("TURNPIKE_DATA");
    let output = command.stdout(writer).stderr(Stdio::piped()).spawn().unwrap().wait_with_output().unwrap();
    assert_eq!((output.status.code(), String::from_utf8(output.stderr).unwrap().as_str()), (Some(141), ""));
}

#[test]
fn a_machine_s_name_cannot_be_taken_for_a_flag() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_turnpike"));
    command.args(["node", "add", "--", "-1"]).env_remove("TURNPIKE_CONFIG").env("TURNPIKE_DATA", folder.path());
    let output = command.stdin(Stdio::null()).output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && told.contains("not begin with `-`"), "{told}");
}
