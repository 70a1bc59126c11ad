//! The table as Markdown, between the markers of `docs/PERFORMANCE.md`.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};

use super::{Arguments, Column, Samples};
use crate::figures::{decimal, median, scaled};
use crate::peers::Kind;

const BEGIN: &str = "<!-- table: begin (made by turnpike-bench, do not edit) -->";
const END: &str = "<!-- table: end -->";
/// Who is missing from every table.
const NOT_MEASURED: &str = "3proxy is not among Debian's packages and was not measured.";
/// Ratios are kept in thousandths.
const RATIO: u64 = 1000;

/// The aims: which column, against whom, and the ratio or cost not to pass.
const AIMS: [(&str, Column, Aim); 8] = [
    ("bytes down, 8 tunnels: at most 1.15 × the splice relay's CPU", Column::Down8, Aim::Ratio(Kind::Splice, 1150)),
    ("bytes down, 200 tunnels: the same", Column::Down200, Aim::Ratio(Kind::Splice, 1150)),
    ("bytes up, 8 tunnels: the same", Column::Up8, Aim::Ratio(Kind::Splice, 1150)),
    ("bytes up, 200 tunnels: the same", Column::Up200, Aim::Ratio(Kind::Splice, 1150)),
    ("new CONNECT tunnels: at most 55 CPU ms per 1000", Column::Connect, Aim::Cost(55_000_000)),
    ("plain HTTP: at most HAProxy's CPU in web mode", Column::Requests, Aim::Ratio(Kind::Haproxy, 1000)),
    ("round trip: within 5 % of the splice relay's", Column::RoundTrips, Aim::Ratio(Kind::Splice, 1050)),
    ("idle tunnel: at most 2 KB", Column::Idle, Aim::Cost(2048)),
];

enum Aim {
    Ratio(Kind, u64),
    Cost(u64),
}

/// The part between the markers.
pub(super) fn markdown(
    samples: &Samples,
    kinds: &[Kind],
    versions: &[String],
    arguments: &Arguments,
) -> Result<String> {
    let mut text = String::new();
    writeln!(text, "{}\n", circumstances(versions, arguments)?)?;
    let bytes = [Column::Down8, Column::Down200, Column::Up8, Column::Up200];
    let heads = ["down, 8 tunnels", "down, 200 tunnels", "up, 8 tunnels", "up, 200 tunnels"];
    writeln!(text, "Bytes through tunnels: CPU seconds per GB of the proxy alone (× the splice relay) · GB/s\n")?;
    grid(&mut text, samples, kinds, &bytes, &heads)?;
    let rest = [Column::Connect, Column::Socks5, Column::Requests];
    let heads = ["new CONNECT tunnels", "new SOCKS5 tunnels", "plain HTTP GET, kept connections"];
    writeln!(
        text,
        "\n64 at once: CPU milliseconds per 1000 of the proxy alone (× the splice relay) · how many a second\n"
    )?;
    grid(&mut text, samples, kinds, &rest, &heads)?;
    let last = [Column::RoundTrips, Column::Idle];
    let heads = ["round trip of 64 B, µs: p50 (× the splice relay) · p99", "idle tunnel, KB of RSS · how many held"];
    writeln!(text)?;
    grid(&mut text, samples, kinds, &last, &heads)?;
    for why in samples.failed.values() {
        writeln!(text, "\nLeft out, for what it could not do here: {why}.")?;
    }
    writeln!(text, "\n{NOT_MEASURED}\n\nThe aims, and what this run came to:\n")?;
    for (aim, column, limit) in &AIMS {
        if let Some((met, figure)) = judge(samples, *column, limit) {
            writeln!(text, "- {aim}: **{figure}**, {}", if met { "met" } else { "missed" })?;
        }
    }
    Ok(text)
}

fn judge(samples: &Samples, column: Column, aim: &Aim) -> Option<(bool, String)> {
    match aim {
        Aim::Ratio(other, limit) => {
            let ratio = ratio(samples, column, Kind::Turnpike, *other)?;
            Some((ratio <= *limit, format!("{} ×", decimal(ratio, RATIO, 2))))
        }
        Aim::Cost(limit) => {
            let cost = cost(samples, column, Kind::Turnpike)?;
            Some((cost <= *limit, column.show_cost(cost)))
        }
    }
}

fn grid(text: &mut String, samples: &Samples, kinds: &[Kind], columns: &[Column], heads: &[&str]) -> Result<()> {
    writeln!(text, "| | {} |\n|---|{}", heads.join(" | "), "---|".repeat(heads.len()))?;
    for kind in kinds {
        let cells: Vec<String> = columns.iter().map(|column| cell(samples, *column, *kind)).collect();
        writeln!(text, "| {} | {} |", kind.title(), cells.join(" | "))?;
    }
    Ok(())
}

fn cell(samples: &Samples, column: Column, kind: Kind) -> String {
    let Some(cost) = cost(samples, column, kind) else { return "–".to_owned() };
    let speeds: Vec<u64> =
        samples.of(column, kind).into_iter().flatten().map(|figures| column.speed(figures)).collect();
    let speed = column.show_speed(median(&speeds).unwrap_or(0));
    let ratio = match (kind, column) {
        (Kind::Splice, _) | (_, Column::Idle) => None,
        _ => ratio(samples, column, kind, Kind::Splice),
    };
    let ratio = ratio.map(|ratio| format!(" ({} ×)", decimal(ratio, RATIO, 2))).unwrap_or_default();
    format!("{}{ratio} · {speed}", column.show_cost(cost))
}

fn cost(samples: &Samples, column: Column, kind: Kind) -> Option<u64> {
    median(&samples.of(column, kind)?.iter().map(|figures| column.cost(figures)).collect::<Vec<_>>())
}

/// The median over the rounds of one's cost in thousandths of the other's in the same round.
fn ratio(samples: &Samples, column: Column, one: Kind, other: Kind) -> Option<u64> {
    let pairs = samples.of(column, one)?.iter().zip(samples.of(column, other)?);
    median(&pairs.map(|(one, other)| scaled(column.cost(one), RATIO, column.cost(other))).collect::<Vec<_>>())
}

fn circumstances(versions: &[String], arguments: &Arguments) -> Result<String> {
    let date = output_of("date", &["-u", "+%Y-%m-%d"])?;
    let kernel = output_of("uname", &["-sr"])?;
    let information = std::fs::read_to_string("/proc/cpuinfo")?;
    let model = information.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or_default();
    let cores = information.lines().filter(|line| line.starts_with("processor")).count();
    Ok(format!(
        "Measured {date} on {cores} cores of {} with {kernel}: loopback, load generator, origin and proxy sharing the \
         cores; logs off; login on where a peer knows one. Medians of {} interleaved rounds of {} ms. {}.",
        model.trim_start_matches([' ', '\t', ':']),
        arguments.rounds,
        arguments.window_ms,
        versions.join(", "),
    ))
}

fn output_of(program: &str, arguments: &[&str]) -> Result<String> {
    let output = Command::new(program).args(arguments).output().with_context(|| format!("{program} is missing"))?;
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

/// Replaces what stands between the markers of `file`; appends both when they are not there.
pub(super) fn write(file: &Path, text: &str) -> Result<()> {
    if file == Path::new("-") {
        return Ok(());
    }
    let old = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    std::fs::write(file, replaced(&old, text)).with_context(|| format!("cannot write {}", file.display()))
}

fn replaced(old: &str, text: &str) -> String {
    let part = format!("{BEGIN}\n{text}{END}");
    match (old.split_once(BEGIN), old.split_once(END)) {
        (Some((before, _)), Some((_, after))) => format!("{before}{part}{after}"),
        _ => format!("{}\n\n{part}\n", old.trim_end()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_stands_between_the_markers_is_replaced() {
        let once = replaced("# Title\n", "first\n");
        let twice = replaced(&format!("{once}\nafter\n"), "second\n");
        assert!(twice.starts_with("# Title\n") && twice.ends_with("\nafter\n"));
        assert!(twice.contains("second") && !twice.contains("first"));
    }

    #[test]
    fn a_cost_is_compared_with_that_of_the_same_round() {
        let figures = |cpu_ns| crate::load::Figures { cpu_ns, count: 1_000_000_000, ..Default::default() };
        let mut samples = Samples::default();
        for (ours, theirs) in [(100, 100), (300, 200), (240, 200)] {
            samples.take(Column::Down8, Kind::Turnpike, figures(ours));
            samples.take(Column::Down8, Kind::Splice, figures(theirs));
        }
        assert_eq!(ratio(&samples, Column::Down8, Kind::Turnpike, Kind::Splice), Some(1200));
    }
}
