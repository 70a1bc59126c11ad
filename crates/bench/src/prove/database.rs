//! A PostgreSQL cluster of the proof's own, that can be killed, started again and frozen.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use rustix::process::{Pid, Signal, kill_process};
use turnpike_testkit::product::free_address;

/// How long it may take to come up, or to end.
const PATIENCE: Duration = Duration::from_mins(1);
/// How often it is looked whether it has.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// A running cluster. Its processes end with this value.
pub(super) struct Database {
    programs: PathBuf,
    folder: PathBuf,
    address: SocketAddr,
    password: String,
    postmaster: Child,
}

impl Database {
    /// Makes one below `folder`, starts it, and waits until it answers.
    ///
    /// # Errors
    /// When PostgreSQL is missing or does not start.
    pub(super) fn start(folder: &Path) -> Result<Self> {
        let programs = programs().context("PostgreSQL is missing: apt-get install postgresql")?;
        let folder = folder.join("postgres");
        std::fs::create_dir(&folder)?;
        let password = hex::encode(rand::random::<[u8; 16]>());
        let secret = folder.join("password");
        std::fs::write(&secret, &password)?;
        if is_root() {
            let owner = format!("{}:", user());
            ensure!(Command::new("chown").args(["-R", &owner]).arg(&folder).status()?.success(), "chown failed");
        }
        let made = as_ordinary_user(&programs.join("initdb"))
            .args(["-U", "turnpike", "-A", "password", "-E", "UTF8", "--locale=C", "-D"])
            .arg(folder.join("data"))
            .arg(format!("--pwfile={}", secret.display()))
            .stdout(Stdio::null())
            .status()?;
        ensure!(made.success(), "initdb failed");
        let address = free_address(Ipv4Addr::LOCALHOST)?;
        let postmaster = spawn(&programs, &folder, address)?;
        let mut database = Self { programs, folder, address, password, postmaster };
        database.until_ready()?;
        Ok(database)
    }

    /// Where it answers, with its superuser's name and password.
    pub(super) fn uri(&self) -> String {
        format!("postgres://turnpike:{}@{}/postgres", self.password, self.address)
    }

    /// Ends every session at once and without a checkpoint, as `pg_ctl -m immediate` does, and starts it again. Returns
    /// when it answers.
    ///
    /// # Errors
    /// When it does not end, or not come back.
    pub(super) fn restart_immediately(&mut self) -> Result<()> {
        kill_process(self.pid()?, Signal::QUIT)?;
        self.postmaster.wait()?;
        self.postmaster = spawn(&self.programs, &self.folder, self.address)?;
        self.until_ready()
    }

    /// Stops all its processes where they are.
    ///
    /// # Errors
    /// When they cannot be signalled.
    pub(super) fn freeze(&self) -> Result<()> {
        // The first process first, so that it starts no other one meanwhile.
        self.signal_all(Signal::STOP)
    }

    /// Lets them go on.
    ///
    /// # Errors
    /// When they cannot be signalled.
    pub(super) fn thaw(&self) -> Result<()> {
        self.signal_all(Signal::CONT)
    }

    fn signal_all(&self, signal: Signal) -> Result<()> {
        let first = self.postmaster.id();
        kill_process(self.pid()?, signal)?;
        let children = std::fs::read_to_string(format!("/proc/{first}/task/{first}/children"))?;
        for child in children.split_whitespace() {
            let pid = Pid::from_raw(child.parse()?).context("no process id")?;
            match kill_process(pid, signal) {
                // One that has ended meanwhile needs no signal.
                Ok(()) | Err(rustix::io::Errno::SRCH) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    fn pid(&self) -> Result<Pid> {
        Pid::from_raw(i32::try_from(self.postmaster.id())?).context("no process id")
    }

    fn until_ready(&mut self) -> Result<()> {
        let (begin, status) = (Instant::now(), self.folder.join("data/postmaster.pid"));
        while !is_ready(&status, self.postmaster.id()) {
            ensure!(self.postmaster.try_wait()?.is_none(), "PostgreSQL ended; see {}/log", self.folder.display());
            ensure!(begin.elapsed() < PATIENCE, "PostgreSQL did not start; see {}/log", self.folder.display());
            std::thread::sleep(LOOK_EVERY);
        }
        Ok(())
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        drop(self.thaw());
        if let Ok(pid) = self.pid() {
            let _ended_already = kill_process(pid, Signal::QUIT);
        }
        drop(self.postmaster.wait());
    }
}

fn spawn(programs: &Path, folder: &Path, address: SocketAddr) -> Result<Child> {
    let log = std::fs::File::options().append(true).create(true).open(folder.join("log"))?;
    as_ordinary_user(&programs.join("postgres"))
        .arg("-D")
        .arg(folder.join("data"))
        .arg("-k")
        .arg(folder)
        .args(["-p", &address.port().to_string(), "-c", "listen_addresses=127.0.0.1", "-c", "max_connections=200"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .context("cannot start PostgreSQL")
}

/// PostgreSQL writes its id into the first line of this file, and `ready` into the last once it takes connections.
fn is_ready(status: &Path, postmaster: u32) -> bool {
    std::fs::read_to_string(status).is_ok_and(|text| {
        let lines: Vec<_> = text.lines().map(str::trim).collect();
        lines.first() == Some(&postmaster.to_string().as_str()) && lines.get(7) == Some(&"ready")
    })
}

/// The folder of PostgreSQL's own programs: Debian keeps them out of PATH, one folder a version.
fn programs() -> Option<PathBuf> {
    let version = |folder: &PathBuf| folder.file_name()?.to_str()?.parse::<u32>().ok();
    let installed = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|entry| entry.path());
    let newest = installed.filter(|folder| folder.join("bin/initdb").is_file()).max_by_key(version);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let in_path = || std::env::split_paths(&path).find(|folder| folder.join("initdb").is_file());
    newest.map(|folder| folder.join("bin")).or_else(in_path)
}

/// Whether we run as root; PostgreSQL refuses to.
pub(super) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

fn user() -> &'static str {
    let known = Command::new("id").args(["-u", "postgres"]).output().is_ok_and(|found| found.status.success());
    if known { "postgres" } else { "nobody" }
}

/// A command that is run by an ordinary user, and ends with this process.
fn as_ordinary_user(program: &Path) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "QUIT"]);
    if is_root() {
        command.args(["--reuid", user(), "--regid", user_group(), "--clear-groups"]);
    }
    // The present folder may be closed to that user.
    command.arg(program).current_dir("/");
    command
}

fn user_group() -> &'static str {
    if user() == "postgres" { "postgres" } else { "nogroup" }
}
