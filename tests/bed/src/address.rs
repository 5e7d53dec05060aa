//! A loopback address and a Service range for each hub, so that hubs never share a port.

use std::hash::{BuildHasher, RandomState};
use std::net::{IpAddr, Ipv4Addr, TcpListener};

use anyhow::{Result, bail};

/// Whoever listens on this port of an address owns the address. The kernel gives it
/// back however the owner ends, and refuses it to every other user and process.
const CLAIM_PORT: u16 = 20001;

/// First and number of the second bytes our addresses use: 127.32.x.1 to 127.95.x.1.
const FIRST: u8 = 32;
const COUNT: u8 = 64;

/// How far the Service range is from the address: 127.128.x.0/24 to 127.191.x.0/24.
const SERVICES_ABOVE: u8 = 96;

/// An address of 127.0.0.0/8 nobody else uses, and a range for Services, for as long as this lives.
#[derive(Debug)]
pub struct Loopback {
    ip: Ipv4Addr,
    _claim: TcpListener,
}

impl Loopback {
    /// Claim one on which all of `ports` are free.
    pub fn claim(ports: &[u16]) -> Result<Self> {
        let slots = u64::from(COUNT) * 256;
        // Anywhere, so that an address whose last owner's parts are still on their way out is rarely met.
        let start = RandomState::new().hash_one(std::process::id()) % slots;
        for slot in (start..slots).chain(0..start) {
            let [.., high, low] = slot.to_be_bytes();
            let ip = Ipv4Addr::new(127, FIRST + high, low, 1);
            let Ok(claim) = TcpListener::bind((ip, CLAIM_PORT)) else {
                continue;
            };
            if ports
                .iter()
                .all(|&port| TcpListener::bind((ip, port)).is_ok())
            {
                return Ok(Self { ip, _claim: claim });
            }
        }
        bail!(
            "no loopback address 127.{FIRST}.0.1 to 127.{}.255.1 has ports {ports:?} free (this \
             needs Linux, where all of 127.0.0.0/8 is loopback)",
            FIRST + COUNT - 1
        )
    }

    /// The address.
    pub fn ip(&self) -> IpAddr {
        self.ip.into()
    }

    /// The range of clusterIPs that goes with it, as the API server wants it.
    pub fn service_range(&self) -> String {
        format!("{}/24", self.service_ip(0))
    }

    /// One address of the Service range.
    pub fn service_ip(&self, last: u8) -> Ipv4Addr {
        let [a, b, c, _] = self.ip.octets();
        Ipv4Addr::new(a, b + SERVICES_ABOVE, c, last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_claims_never_meet() {
        let one = Loopback::claim(&[6443]).unwrap();
        let other = Loopback::claim(&[6443]).unwrap();
        assert_ne!(one.ip(), other.ip());
        assert_ne!(one.service_range(), other.service_range());
    }

    #[test]
    fn a_claimed_address_is_refused_to_others() {
        let mine = Loopback::claim(&[]).unwrap();
        let refused = TcpListener::bind((mine.ip(), CLAIM_PORT)).unwrap_err();
        assert_eq!(refused.kind(), std::io::ErrorKind::AddrInUse);
    }
}
