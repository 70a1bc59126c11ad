//! What other processes cost, from `/proc`: CPU time and resident memory, children included.

use std::time::Duration;

use anyhow::{Context as _, Result};

/// A process and all its descendants at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    /// CPU time used so far, in user space and in the kernel.
    pub(crate) cpu: Duration,
    /// Resident memory in KB.
    pub(crate) rss_kb: u64,
}

/// What `root` and its descendants have used so far.
///
/// # Errors
/// When `/proc` cannot be read or `root` is gone.
pub(crate) fn usage(root: u32) -> Result<Usage> {
    let processes = all()?;
    let mut family = vec![root];
    // Parents come before children in the list but for wrapped ids; one pass per level settles that.
    loop {
        let before = family.len();
        for process in &processes {
            if family.contains(&process.parent) && !family.contains(&process.id) {
                family.push(process.id);
            }
        }
        if family.len() == before {
            break;
        }
    }
    anyhow::ensure!(processes.iter().any(|process| process.id == root), "process {root} is gone");
    let mut usage = Usage::default();
    for process in processes.iter().filter(|process| family.contains(&process.id)) {
        usage.cpu = usage.cpu.saturating_add(process.cpu);
        usage.rss_kb = usage.rss_kb.saturating_add(process.rss_kb);
    }
    Ok(usage)
}

struct Process {
    id: u32,
    parent: u32,
    cpu: Duration,
    rss_kb: u64,
}

fn all() -> Result<Vec<Process>> {
    let entries = std::fs::read_dir("/proc").context("cannot list /proc")?;
    let ids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    // A process may end between the two reads; it is then as if it was not there.
    Ok(ids.filter_map(|id| parse(id, &std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?)).collect())
}

/// Reads a line of `/proc/ID/stat` (proc(5)); the fields after the name begin with the state.
fn parse(id: u32, stat: &str) -> Option<Process> {
    let (_, fields) = stat.rsplit_once(')')?;
    let fields: Vec<&str> = fields.split_ascii_whitespace().collect();
    let number = |index: usize| fields.get(index)?.parse::<u64>().ok();
    let ticks = number(11)?.saturating_add(number(12)?);
    let pages = number(21)?;
    let tick_ms = 1000_u64.checked_div(rustix::param::clock_ticks_per_second())?;
    let page_kb = u64::try_from(rustix::param::page_size()).ok()?.checked_div(1024)?;
    Some(Process {
        id,
        parent: u32::try_from(number(1)?).ok()?,
        cpu: Duration::from_millis(ticks.saturating_mul(tick_ms)),
        rss_kb: pages.saturating_mul(page_kb),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_uses_memory() {
        let usage = usage(std::process::id()).unwrap();
        assert!(usage.rss_kb > 100);
    }

    #[test]
    fn a_name_with_blanks_and_brackets_does_not_shift_the_fields() {
        let line = "7 (a) b (c) S 3 7 7 0 -1 0 0 0 0 0 250 50 0 0 20 0 1 0 5 1000 25 0";
        let process = parse(7, line).unwrap();
        assert_eq!((process.parent, process.cpu, process.rss_kb), (3, Duration::from_secs(3), 100));
    }
}
