//! Certificates and keys in all the forms that are met.

use acm_backup_bed::parts::{self, Part};
use acm_backup_bed::{K8s, StopOrder, run};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, SigningKey, date_time_ymd,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivatePkcs1KeyDer};

/// Everything, in PEM.
pub struct Pki {
    pub authority: String,
    pub other_authority: String,
    /// Of the authority, for 127.0.0.1 and hub.example.com.
    pub leaf: Pair,
    /// Of the authority, for hub.example.com alone.
    pub named: Pair,
    /// Of the authority, for 127.0.0.1, and expired.
    pub expired: Pair,
    /// By itself, and it says that it is an authority.
    pub itself: Pair,
    /// By itself, and it says that it is none.
    pub itself_leaf: Pair,
    pub user: Pair,
    pub user_p384: Pair,
    pub user_rsa: Pair,
    /// A certificate of version 1.
    pub user_v1: Pair,
}

#[derive(Clone)]
pub struct Pair {
    pub cert: String,
    pub key: String,
}

fn params(names: &[&str]) -> CertificateParams {
    let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
    CertificateParams::new(names).unwrap()
}

fn authority(name: &str) -> (Issuer<'static, KeyPair>, String, KeyPair) {
    let mut of = params(&[]);
    of.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    of.distinguished_name.push(DnType::CommonName, name);
    let key = KeyPair::generate().unwrap();
    let again = KeyPair::from_pem(&key.serialize_pem()).unwrap();
    let pem = of.self_signed(&key).unwrap().pem();
    (Issuer::new(of, key), pem, again)
}

fn signed(of: &CertificateParams, key: &KeyPair, by: &Issuer<'_, KeyPair>) -> Pair {
    Pair {
        cert: of.signed_by(key, by).unwrap().pem(),
        key: key.serialize_pem(),
    }
}

fn by_itself(is_ca: IsCa) -> Pair {
    let mut of = params(&["127.0.0.1", "hub.example.com"]);
    of.is_ca = is_ca;
    let key = KeyPair::generate().unwrap();
    Pair {
        cert: of.self_signed(&key).unwrap().pem(),
        key: key.serialize_pem(),
    }
}

/// An RSA key. Ours makes none; Kubernetes' own programs do, for a certificate of theirs before they begin.
fn rsa_key() -> KeyPair {
    let dir = tempfile::tempdir().unwrap();
    let program = parts::path(Part::KubeControllerManager(K8s::from_env().unwrap())).unwrap();
    let made = run::command(program, StopOrder::Client)
        .unwrap()
        .arg(format!("--cert-dir={}", dir.path().display()))
        .args(["--bind-address=127.0.0.1", "--secure-port=18257"])
        .arg(format!("--kubeconfig={}/none", dir.path().display()))
        .output()
        .unwrap();
    let key = std::fs::read_to_string(dir.path().join("kube-controller-manager.key"));
    let key = key.unwrap_or_else(|_| panic!("{made:?}"));
    let pkcs1 = PrivatePkcs1KeyDer::from_pem_slice(key.as_bytes()).unwrap();
    let pkcs8 = pkcs8(pkcs1.secret_pkcs1_der());
    KeyPair::from_pkcs8_der_and_sign_algo(&pkcs8.into(), &rcgen::PKCS_RSA_SHA256).unwrap()
}

/// The key of an RSA pair in the form that says what it is.
fn pkcs8(pkcs1: &[u8]) -> Vec<u8> {
    /// INTEGER 0, and the OID of rsaEncryption with its NULL.
    const HEAD: [u8; 18] = [
        0x02, 0x01, 0x00, 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01,
        0x01, 0x05, 0x00,
    ];
    let long = |tag: u8, content: &[u8]| {
        let length = u16::try_from(content.len()).unwrap().to_be_bytes();
        [&[tag, 0x82], &length[..], content].concat()
    };
    long(0x30, &[&HEAD, &long(0x04, pkcs1)[..]].concat())
}

impl Pki {
    pub fn new() -> Self {
        let (issuer, pem, signing) = authority("hub");
        let both = params(&["127.0.0.1", "hub.example.com"]);
        let mut expired = params(&["127.0.0.1"]);
        expired.not_before = date_time_ymd(2001, 1, 1);
        expired.not_after = date_time_ymd(2002, 1, 1);
        let key = || KeyPair::generate().unwrap();
        let p384 = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap();
        let rsa = rsa_key();
        let user = |key: &KeyPair| signed(&params(&["admin"]), key, &issuer);
        let of_version_three = user(&key());
        Self {
            other_authority: authority("another").1,
            leaf: signed(&both, &key(), &issuer),
            named: signed(&params(&["hub.example.com"]), &key(), &issuer),
            expired: signed(&expired, &key(), &issuer),
            itself: by_itself(IsCa::Ca(BasicConstraints::Unconstrained)),
            itself_leaf: by_itself(IsCa::ExplicitNoCa),
            user: user(&key()),
            user_p384: user(&p384),
            user_rsa: user(&rsa),
            user_v1: Pair {
                cert: version_one(&of_version_three.cert, &signing),
                key: of_version_three.key,
            },
            authority: pem,
        }
    }
}

/// The same certificate in version 1: without its first and its last field, signed anew.
fn version_one(pem: &str, by: &KeyPair) -> String {
    let der = CertificateDer::from_pem_slice(pem.as_bytes()).unwrap();
    let outer = parts(parts(&der)[0].1);
    let fields = parts(outer[0].1);
    let kept: Vec<u8> = fields[1..7]
        .iter()
        .flat_map(|(whole, _)| whole.to_vec())
        .collect();
    let to_sign = tlv(0x30, &kept);
    let mut signature = vec![0];
    signature.extend(by.sign(&to_sign).unwrap());
    let whole = [&to_sign, outer[1].0, &tlv(0x03, &signature)].concat();
    as_pem("CERTIFICATE", &tlv(0x30, &whole))
}

/// `BEGIN EC PRIVATE KEY`, of a key of P-256 in PKCS#8.
pub fn sec1(pkcs8: &str) -> String {
    let der = rustls::pki_types::PrivatePkcs8KeyDer::from_pem_slice(pkcs8.as_bytes()).unwrap();
    let inner = parts(parts(parts(der.secret_pkcs8_der())[0].1)[2].1);
    let fields = parts(inner[0].1);
    // Alone, it has to say its curve.
    let curve = tlv(
        0xa0,
        &[0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07],
    );
    let mut whole = [fields[0].0, fields[1].0, &curve].concat();
    whole.extend(fields.iter().skip(2).flat_map(|(whole, _)| whole.to_vec()));
    as_pem("EC PRIVATE KEY", &tlv(0x30, &whole))
}

/// `BEGIN RSA PRIVATE KEY`, of one in PKCS#8.
pub fn pkcs1(pkcs8: &str) -> String {
    let der = rustls::pki_types::PrivatePkcs8KeyDer::from_pem_slice(pkcs8.as_bytes()).unwrap();
    let inner = parts(parts(der.secret_pkcs8_der())[0].1)[2].1;
    as_pem("RSA PRIVATE KEY", inner)
}

/// The values of DER one after the other: each whole, and its content.
fn parts(mut der: &[u8]) -> Vec<(&[u8], &[u8])> {
    let mut found = Vec::new();
    while der.len() > 1 {
        let (long, mut length) = match der[1] {
            short if short < 0x80 => (0, usize::from(short)),
            long => (usize::from(long & 0x7f), 0),
        };
        for byte in &der[2..2 + long] {
            length = length << 8 | usize::from(*byte);
        }
        let start = 2 + long;
        found.push((&der[..start + length], &der[start..start + length]));
        der = &der[start + length..];
    }
    found
}

fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut der = vec![tag];
    match content.len() {
        short @ ..0x80 => der.push(u8::try_from(short).unwrap()),
        middle @ ..0x100 => der.extend([0x81, u8::try_from(middle).unwrap()]),
        long => {
            der.push(0x82);
            der.extend(u16::try_from(long).unwrap().to_be_bytes());
        }
    }
    der.extend_from_slice(content);
    der
}

fn as_pem(label: &str, der: &[u8]) -> String {
    let lines: Vec<_> = base64(der)
        .as_bytes()
        .chunks(64)
        .map(|line| String::from_utf8_lossy(line).into_owned())
        .collect();
    format!(
        "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
        lines.join("\n")
    )
}

pub fn base64(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
