//! The counting origin as a process of its own, for trying the gateway with curl.

use std::net::SocketAddr;

use anyhow::Context as _;
use clap::Parser;
use turnpike_testkit::origin::Origin;

/// Serves bytes over HTTP/1.1 and raw TCP on one port, and counts them. `GET /` says what it understands.
#[derive(Parser)]
struct Arguments {
    /// Where to listen; repeat for more addresses.
    #[arg(long, default_value = "127.0.0.9:8080")]
    listen: Vec<SocketAddr>,
    /// How many threads serve.
    #[arg(long, default_value_t = 2)]
    threads: usize,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let origin = Origin::start(&arguments.listen, arguments.threads)
        .with_context(|| format!("cannot listen on {:?}", arguments.listen))?;
    for address in origin.addresses() {
        eprintln!("origin on http://{address}/");
    }
    loop {
        std::thread::park();
    }
}
