//! The few bytes of an ELF file that say where it runs.

use anyhow::{Result, bail};

/// This machine, in the words of OCI images.
pub const HOST: &str = if cfg!(target_arch = "aarch64") {
    "arm64"
} else {
    "amd64"
};

/// What the header of a program says.
#[derive(Debug, PartialEq)]
pub struct Elf {
    /// Architecture, in the words of OCI images.
    pub architecture: &'static str,
    /// Whether it wants a dynamic loader (a program header `PT_INTERP`).
    pub needs_loader: bool,
}

impl Elf {
    /// Reads a 64-bit little-endian ELF header, as both architectures we ship have.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        const PT_INTERP: u64 = 3;
        if !bytes.starts_with(b"\x7fELF\x02\x01") {
            bail!("not a 64-bit ELF file");
        }
        let architecture = match number(bytes, 0x12, 2)? {
            0x3e => "amd64",
            0xb7 => "arm64",
            other => bail!("built for machine {other:#x}; images are made for amd64 and arm64"),
        };
        let (start, size, count) = (
            number(bytes, 0x20, 8)?,
            number(bytes, 0x36, 2)?,
            number(bytes, 0x38, 2)?,
        );
        let mut needs_loader = false;
        for index in 0..count {
            let header = start.saturating_add(index * size);
            needs_loader |= number(bytes, usize::try_from(header)?, 4)? == PT_INTERP;
        }
        Ok(Self {
            architecture,
            needs_loader,
        })
    }
}

fn number(bytes: &[u8], at: usize, width: usize) -> Result<u64> {
    let Some(field) = at.checked_add(width).and_then(|end| bytes.get(at..end)) else {
        bail!("the ELF header ends early");
    };
    Ok(field
        .iter()
        .rev()
        .fold(0, |value, &byte| value << 8 | u64::from(byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_very_program_is_read() {
        let bytes = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        let elf = Elf::parse(&bytes).unwrap();
        assert_eq!(elf.architecture, HOST);
        assert_eq!(elf.needs_loader, !cfg!(target_feature = "crt-static"));
    }

    #[test]
    fn what_is_no_program_is_refused_with_the_reason() {
        for (bytes, reason) in [
            (&b"#!/bin/sh\n"[..], "not a 64-bit ELF file"),
            (b"\x7fELF\x02\x01\x01", "ends early"),
        ] {
            let error = Elf::parse(bytes).unwrap_err().to_string();
            assert!(error.contains(reason), "{error}");
        }
    }
}
