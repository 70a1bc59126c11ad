//! The `turnpike` binary: reads the command line and settings, starts a runtime, runs one command.

mod archive;
mod catalogue;
mod cli;
mod commands;
mod control;
mod demo;
mod descriptors;
mod entropy;
mod jobs;
mod keys;
mod logging;
mod mmdb;
mod ports;
mod process;
mod reload;
mod settings;
mod systemd;
mod traces;
mod watch;
mod wiring;

use std::future::Future;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;

use cli::{Cli, Command, ConfigArgs, ServeArgs};
use control::Ask;
use reload::Reloader;
use settings::Settings;
use traces::Traces;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match run(Cli::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever read what a command printed has read enough.
        Err(error) if is_closed_pipe(&error) => ExitCode::from(READER_GONE),
        Err(error) => {
            use std::io::Write;
            // Nobody is left to tell when standard error is closed.
            let told = writeln!(std::io::stderr(), "turnpike: {}", story(&error));
            if told.is_ok() { ExitCode::FAILURE } else { ExitCode::from(2) }
        }
    }
}

/// As a shell tells of a process that was ended by SIGPIPE.
const READER_GONE: u8 = 141;

/// Whether standard output was closed: no other pipe is written to without its error being explained by a context.
fn is_closed_pipe(error: &anyhow::Error) -> bool {
    let Some(outermost) = error.chain().next() else { return false };
    let kind = match (outermost.downcast_ref::<std::io::Error>(), outermost.downcast_ref::<serde_json::Error>()) {
        (Some(error), _) => Some(error.kind()),
        (None, Some(error)) => error.io_error_kind(),
        (None, None) => None,
    };
    kind == Some(std::io::ErrorKind::BrokenPipe)
}

/// An error and its causes in one line. A cause whose words stand in the error above it is not said twice.
pub(crate) fn story(error: &anyhow::Error) -> String {
    let mut told = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if told.is_empty() {
            told = cause;
        } else if !told.contains(&cause) {
            told = format!("{told}: {cause}");
        }
    }
    told
}

fn run(command: Command) -> Result<()> {
    match command {
        Command::Demo(args) => {
            let settings = demo::settings(&args)?;
            let filter = logging::start(&settings.log, None)?;
            on_runtime(&settings, demo::run(&args, Reloader::fixed(settings.clone(), filter)))
        }
        Command::Serve(args) => serving(&args, commands::serve),
        Command::Api(args) => serving(&args, commands::api),
        Command::Gateway(args) => serving(&args, commands::gateway),
        Command::Reload(args) => commands::ask(&Settings::load_place(&args)?, &Ask::Reload),
        Command::Upgrade(args) => commands::ask(&Settings::load_place(&args)?, &Ask::Upgrade),
        Command::CheckConfig(args) => commands::check_config(&Settings::load(&args)?),
        Command::Customer { config, command } => {
            beside(&config, async |settings| commands::customer(settings, command).await)
        }
        Command::Node { config, command } => beside(&config, async |settings| commands::node(settings, command).await),
        Command::Token { config, command } => {
            beside(&config, async |settings| commands::token(settings, command).await)
        }
        Command::Catalogue { config, command } => {
            beside(&config, async |settings| commands::catalogue(settings, command).await)
        }
        Command::Coupon { config, command } => {
            beside(&config, async |settings| commands::coupon(settings, command).await)
        }
        Command::Article { config, command } => {
            beside(&config, async |settings| commands::article(settings, command).await)
        }
        Command::Invitation { config, command } => {
            beside(&config, async |settings| commands::invitation(settings, command).await)
        }
        Command::Order { config, command } => {
            beside(&config, async |settings| commands::order(settings, command).await)
        }
        Command::Ledger { config, command } => {
            beside(&config, async |settings| commands::ledger(settings, command).await)
        }
        Command::Endpoint { config, command } => {
            beside(&config, async |settings| commands::endpoint(settings, command).await)
        }
        Command::Exit { config, command } => beside(&config, async |settings| commands::exit(settings, command).await),
        Command::StaticIp { config, command } => {
            beside(&config, async |settings| commands::static_ip(settings, command).await)
        }
        Command::Grant(args) => beside(&args.config, async |settings| commands::grant(settings, &args).await),
        Command::Usage(args) => beside(&args.config, async |settings| commands::usage(settings, &args).await),
        Command::Verify(args) => beside(&args.config, async |settings| commands::verify(settings, &args).await),
        Command::Backup(args) => beside(&args.config, async |settings| commands::backup(settings, &args).await),
        Command::Restore(args) => beside(&args.config, async |settings| commands::restore(settings, &args).await),
        Command::AfterRestore(args) => beside(&args, commands::after_restore),
    }
}

/// Runs a process that serves and can read its settings again. Traces are sent until it has ended.
fn serving(args: &ServeArgs, work: impl AsyncFnOnce(Reloader, bool) -> Result<()>) -> Result<()> {
    process::note_binary();
    let settings = Settings::load(&args.config)?;
    let (_traces, listener) = Traces::start(&settings.traces)?;
    let filter = logging::start(&settings.log, listener)?;
    let reloader = Reloader::new(args.config.clone(), settings.clone(), filter)?;
    on_runtime(&settings, work(reloader, args.takeover))
}

/// Runs a command beside a running server: what it prints is for a person, so only warnings are logged.
fn beside(config: &ConfigArgs, work: impl AsyncFnOnce(&Settings) -> Result<()>) -> Result<()> {
    let mut settings = Settings::load(config)?;
    settings.log = logging::LogSettings::quiet();
    logging::start(&settings.log, None)?;
    on_runtime(&settings, work(&settings))
}

/// The runtime for everything but the gateway's own threads.
fn on_runtime(settings: &Settings, work: impl Future<Output = Result<()>>) -> Result<()> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(settings.worker_threads)
        .enable_all()
        .build()
        .context("cannot start the runtime")?
        .block_on(work)
}
