//! A hub's own certificate authority: for its server, its users and its service-account tokens.

use std::net::IpAddr;
use std::path::Path;

use anyhow::{Context, Result, bail};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose,
};

/// X.520 organizationName: where Kubernetes reads a user's groups.
const ORGANIZATION: [u64; 4] = [2, 5, 4, 10];

/// A certificate and its key, both PEM.
#[derive(Clone, Debug)]
pub struct Pair {
    pub cert: String,
    pub key: String,
}

/// The authority.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    pub fn new(hub: &str) -> Result<Self> {
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params
            .distinguished_name
            .push(DnType::CommonName, format!("{hub}-ca"));
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![
            KeyUsagePurpose::KeyCertSign,
            KeyUsagePurpose::DigitalSignature,
        ];
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
        Ok(Self { issuer })
    }

    /// The authority's certificate, PEM.
    pub fn cert(&self) -> String {
        self.issuer.pem()
    }

    /// A server's certificate for names and addresses.
    pub fn server(&self, names: &[&str], ips: &[IpAddr]) -> Result<Pair> {
        let all: Vec<String> = names
            .iter()
            .map(|name| (*name).to_owned())
            .chain(ips.iter().map(IpAddr::to_string))
            .collect();
        let mut params = CertificateParams::new(all)?;
        params.distinguished_name = DistinguishedName::new();
        if let Some(first) = names.first() {
            params.distinguished_name.push(DnType::CommonName, *first);
        }
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        self.sign(params)
    }

    /// A user's certificate. At most two groups: the certificate library holds a name's
    /// attribute once by its well-known type and once by its number.
    pub fn user(&self, name: &str, groups: &[&str]) -> Result<Pair> {
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name);
        match groups {
            [] => {}
            [one] => params
                .distinguished_name
                .push(DnType::OrganizationName, *one),
            [one, two] => {
                params
                    .distinguished_name
                    .push(DnType::OrganizationName, *one);
                let by_number = DnType::CustomDnType(ORGANIZATION.to_vec());
                params.distinguished_name.push(by_number, *two);
            }
            more => bail!(
                "user {name}: {} groups, and a certificate here holds two",
                more.len()
            ),
        }
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        self.sign(params)
    }

    fn sign(&self, params: CertificateParams) -> Result<Pair> {
        let key = KeyPair::generate()?;
        let cert = params.signed_by(&key, &self.issuer)?;
        Ok(Pair {
            cert: cert.pem(),
            key: key.serialize_pem(),
        })
    }
}

impl Pair {
    /// Write `NAME.crt` and `NAME.key` into a directory.
    pub fn write(&self, dir: &Path, name: &str) -> Result<()> {
        write(&dir.join(format!("{name}.crt")), &self.cert)?;
        write(&dir.join(format!("{name}.key")), &self.key)
    }
}

/// Write a key to sign service-account tokens with, `NAME.key`, and its public half, `NAME.pub`.
pub fn write_signing_key(dir: &Path, name: &str) -> Result<()> {
    let key = KeyPair::generate()?;
    write(&dir.join(format!("{name}.key")), &key.serialize_pem())?;
    write(&dir.join(format!("{name}.pub")), &key.public_key_pem())
}

pub fn write(path: &Path, text: &str) -> Result<()> {
    std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_third_group_is_refused_instead_of_forgotten() {
        let authority = Authority::new("hub").unwrap();
        let error = authority.user("alice", &["a", "b", "c"]).unwrap_err();
        assert!(error.to_string().contains("alice: 3 groups"), "{error}");
    }
}
