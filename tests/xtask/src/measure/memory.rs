//! Resident memory of a process, as the kernel counts it.

/// In bytes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Memory {
    /// Now (`VmRSS`).
    pub resident: u64,
    /// At most so far (`VmHWM`).
    pub peak: u64,
}

/// Memory of a process; `None` when it has ended.
pub fn of(pid: u32) -> Option<Memory> {
    parse(&std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?)
}

fn parse(status: &str) -> Option<Memory> {
    let kibibytes = |name: &str| -> Option<u64> {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim().strip_suffix(" kB")?.parse().ok()
    };
    Some(Memory {
        resident: kibibytes("VmRSS:")? * 1024,
        peak: kibibytes("VmHWM:")? * 1024,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_file_is_read_and_a_zombie_has_no_memory() {
        let status = "Name:\tsh\nVmHWM:\t    1804 kB\nVmRSS:\t     904 kB\n";
        let expected = Memory {
            resident: 904 * 1024,
            peak: 1804 * 1024,
        };
        assert_eq!(parse(status), Some(expected));
        assert_eq!(parse("Name:\tsh\nState:\tZ (zombie)\n"), None);
    }
}
