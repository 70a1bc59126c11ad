//! What can be typed about endpoints.

use clap::Subcommand;

/// What to do with endpoints that live.
#[derive(Debug, Subcommand)]
pub(crate) enum EndpointCommand {
    /// List the ports that are given out.
    List {
        /// Only of this customer: an e-mail address or an id.
        #[arg(long, value_name = "WHO")]
        customer: Option<String>,
        /// Only under this network entry.
        #[arg(long, value_name = "NAME")]
        entry: Option<String>,
        /// Only at this port.
        #[arg(long)]
        port: Option<u16>,
    },
    /// End endpoints before their time; their connections are reset.
    End {
        /// Their numbers.
        #[arg(required = true)]
        endpoints: Vec<i64>,
        #[command(flatten)]
        manner: super::Manner,
    },
}
