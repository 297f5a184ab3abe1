//! How much memory a process came to.

use std::fmt::Display;

/// The most that a process had resident at once, in MiB. It goes by its number, or by `self`.
pub fn peak(process: impl Display) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("its status");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("its peak");
    line.trim().trim_end_matches(" kB").parse::<usize>().expect("a number") >> 10
}
