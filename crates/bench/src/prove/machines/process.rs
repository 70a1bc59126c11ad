//! One process of the product, with its configuration and its log.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};

/// How long a start may take.
const START_AT_MOST: Duration = Duration::from_mins(1);
/// How often the log is looked at meanwhile.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// A process, killed when dropped.
pub(in super::super) struct Process {
    command: Vec<String>,
    config: PathBuf,
    binary: PathBuf,
    log: PathBuf,
    child: Child,
}

impl Process {
    /// Starts `prefix… turnpike ROLE` in `home` with that configuration, and waits until it serves.
    ///
    /// # Errors
    /// When it does not come to serve.
    pub(super) fn start(binary: &Path, role: &str, home: &Path, text: &str, prefix: &[String]) -> Result<Self> {
        let (config, log) = (home.join("turnpike.toml"), home.join("log"));
        std::fs::write(&config, text)?;
        let mut command = prefix.to_vec();
        command.extend([binary.display().to_string(), role.to_owned()]);
        let child = spawn(&command, &config, &log)?;
        let mut process = Self { command, config, binary: binary.to_path_buf(), log, child };
        process.until_serving()?;
        Ok(process)
    }

    /// Its number.
    pub(in super::super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Ends it with SIGKILL.
    ///
    /// # Errors
    /// When it cannot be signalled.
    pub(in super::super) fn kill(&mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Starts it again on the same data.
    ///
    /// # Errors
    /// When it does not come to serve.
    pub(in super::super) fn restart(&mut self) -> Result<()> {
        std::fs::rename(&self.log, self.log.with_extension("before"))?;
        self.child = spawn(&self.command, &self.config, &self.log)?;
        self.until_serving()
    }

    /// Whether it has not ended.
    ///
    /// # Errors
    /// When it cannot be asked.
    pub(in super::super) fn is_alive(&mut self) -> Result<bool> {
        Ok(self.child.try_wait()?.is_none())
    }

    /// Runs an operator's command with the same configuration, which must succeed; what it printed.
    ///
    /// # Errors
    /// When it fails.
    pub(super) fn operator(&self, arguments: &[&str]) -> Result<String> {
        let mut command = Command::new(&self.binary);
        let Output { status, stdout, stderr } =
            command.args(arguments).arg("--config").arg(&self.config).stdin(Stdio::null()).output()?;
        let (printed, told) = (String::from_utf8(stdout)?, String::from_utf8_lossy(&stderr));
        ensure!(status.success(), "turnpike {arguments:?} failed: {told}\n{printed}");
        Ok(printed)
    }

    fn until_serving(&mut self) -> Result<()> {
        let begin = Instant::now();
        while begin.elapsed() < START_AT_MOST {
            let lines = BufReader::new(File::open(&self.log)?).lines().map_while(Result::ok).collect::<Vec<_>>();
            if lines.iter().any(|line| line.contains("\"message\":\"serving\"")) {
                return Ok(());
            }
            if self.child.try_wait()?.is_some() {
                bail!("{:?} ended: {}", self.command, lines.last().map_or("", String::as_str));
            }
            std::thread::sleep(LOOK_EVERY);
        }
        bail!("{:?} did not come to serve; see {}", self.command, self.log.display())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn spawn(command: &[String], config: &Path, log: &Path) -> Result<Child> {
    let (program, arguments) = command.split_first().context("no command")?;
    let log = File::options().append(true).create(true).open(log)?;
    let mut command = Command::new(program);
    command.args(arguments).arg("--config").arg(config).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
    command.spawn().with_context(|| format!("cannot start {program}"))
}
