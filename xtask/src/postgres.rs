//! An ephemeral PostgreSQL cluster, gone when it is dropped or when this process ends in any other way.

use std::io::Read;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::packages;

const SCRIPT: &str = include_str!("postgres.sh");
/// How long a cluster may take to answer.
const START_DEADLINE: Duration = Duration::from_mins(1);

/// A running cluster.
pub(crate) struct Cluster {
    keeper: Child,
    folder: PathBuf,
    url: String,
}

impl Cluster {
    /// Makes and starts one, and waits until it answers.
    ///
    /// # Errors
    /// When PostgreSQL is missing or does not start.
    pub(crate) fn start() -> Result<Self> {
        let programs = packages::postgres_programs().context("PostgreSQL's programs are not found")?;
        let folder = std::env::temp_dir().join(format!("turnpike-postgres-{}", std::process::id()));
        let port = free_port()?;
        let password = password()?;
        let keeper = as_ordinary_user()
            .args(["sh", "-c", SCRIPT, "postgres.sh"])
            .args([&programs, &folder])
            .arg(port.to_string())
            .env("TURNPIKE_PASSWORD", &password)
            .stdin(Stdio::piped())
            .spawn()
            .context("cannot start the cluster's shell")?;
        let url = format!("postgres://turnpike:{password}@127.0.0.1:{port}/postgres");
        let mut cluster = Self { keeper, folder, url };
        cluster.wait_until_ready()?;
        Ok(cluster)
    }

    /// Where it answers, with its superuser's name and password.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    fn wait_until_ready(&mut self) -> Result<()> {
        let started = Instant::now();
        let status = self.folder.join("data/postmaster.pid");
        while !is_ready(&status) {
            if let Some(ended) = self.keeper.try_wait()? {
                bail!("the cluster's shell ended with {ended}");
            }
            if started.elapsed() > START_DEADLINE {
                let log = std::fs::read_to_string(self.folder.join("log")).unwrap_or_default();
                bail!("PostgreSQL did not start within {} s:\n{log}", START_DEADLINE.as_secs());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // The end of its standard input tells the script to stop the cluster and tidy up.
        drop(self.keeper.stdin.take());
        if let Err(error) = self.keeper.wait() {
            eprintln!("cannot wait for PostgreSQL to stop: {error}");
        }
    }
}

/// PostgreSQL writes `ready` into this file's last line once it takes connections.
fn is_ready(status: &Path) -> bool {
    std::fs::read_to_string(status).is_ok_and(|text| text.lines().nth(7).is_some_and(|line| line.trim() == "ready"))
}

/// PostgreSQL refuses to run as root.
fn as_ordinary_user() -> Command {
    if !packages::is_root() {
        return Command::new("env");
    }
    let known = |user: &str| Command::new("id").args(["-u", user]).output().is_ok_and(|found| found.status.success());
    let (user, group) = if known("postgres") { ("postgres", "postgres") } else { ("nobody", "nogroup") };
    let mut command = Command::new("setpriv");
    command.args([format!("--reuid={user}"), format!("--regid={group}"), "--clear-groups".to_owned()]);
    // The present folder may be closed to that user.
    command.current_dir("/");
    command
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

fn password() -> Result<String> {
    let mut random = [0; 16];
    std::fs::File::open("/dev/urandom")?.read_exact(&mut random)?;
    Ok(format!("{:032x}", u128::from_be_bytes(random)))
}
