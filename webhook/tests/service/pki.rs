//! A CA, and a directory that changes as the kubelet changes a Secret volume.

use std::path::{Path, PathBuf};

use acm_backup_webhook::service::certificate::Files;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    PKCS_ECDSA_P256_SHA256,
};
use rustls::pki_types::CertificateDer;

/// The name an API server asks for.
pub const SERVICE: &str = "acm-backup-webhook.acm-backup-system.svc";

pub struct Authority {
    pub certificate: CertificateDer<'static>,
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

pub struct Leaf {
    pub der: CertificateDer<'static>,
    pub certificate: String,
    pub key: String,
}

impl Authority {
    pub fn new() -> Self {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params
            .distinguished_name
            .push(DnType::CommonName, "test authority");
        let certificate = params.self_signed(&key).unwrap();
        Self {
            pem: certificate.pem(),
            certificate: certificate.der().clone(),
            issuer: Issuer::new(params, key),
        }
    }

    pub fn leaf(&self) -> Leaf {
        self.leaf_until(2100)
    }

    /// The authority itself, as a file holds it.
    pub fn pem(&self) -> String {
        self.pem.clone()
    }

    /// A certificate by which `name` is known as a client.
    pub fn client(&self, name: &str) -> Leaf {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let leaf = params.signed_by(&key, &self.issuer).unwrap();
        Leaf {
            der: leaf.der().clone(),
            certificate: leaf.pem(),
            key: key.serialize_pem(),
        }
    }

    pub fn leaf_until(&self, year: i32) -> Leaf {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        let mut params = CertificateParams::new(vec![SERVICE.to_owned()]).unwrap();
        params.not_after = rcgen::date_time_ymd(year, 1, 1);
        let leaf = params.signed_by(&key, &self.issuer).unwrap();
        Leaf {
            der: leaf.der().clone(),
            certificate: leaf.pem(),
            key: key.serialize_pem(),
        }
    }
}

/// `tls.crt` and `tls.key` are links into `..data`, itself a link that is replaced at each rotation.
pub struct SecretVolume {
    directory: tempfile::TempDir,
    generation: std::cell::Cell<u32>,
}

impl SecretVolume {
    pub fn new(leaf: &Leaf) -> Self {
        let volume = Self {
            directory: tempfile::tempdir().unwrap(),
            generation: std::cell::Cell::new(0),
        };
        volume.rotate(&leaf.certificate, &leaf.key);
        for name in ["tls.crt", "tls.key"] {
            std::os::unix::fs::symlink(
                Path::new("..data").join(name),
                volume.directory.path().join(name),
            )
            .unwrap();
        }
        volume
    }

    pub fn rotate(&self, certificate: &str, key: &str) {
        let root = self.directory.path();
        let old = self.generation.get();
        self.generation.set(old + 1);
        let name = |generation: u32| format!("..generation_{generation}");
        let fresh = root.join(name(old + 1));
        std::fs::create_dir(&fresh).unwrap();
        std::fs::write(fresh.join("tls.crt"), certificate).unwrap();
        std::fs::write(fresh.join("tls.key"), key).unwrap();
        let link = root.join("..data_tmp");
        std::os::unix::fs::symlink(name(old + 1), &link).unwrap();
        std::fs::rename(&link, root.join("..data")).unwrap();
        if old > 0 {
            std::fs::remove_dir_all(root.join(name(old))).unwrap();
        }
    }

    pub fn files(&self) -> Files {
        let path = |name: &str| -> PathBuf { self.directory.path().join(name) };
        Files {
            certificate: path("tls.crt"),
            key: path("tls.key"),
        }
    }
}
