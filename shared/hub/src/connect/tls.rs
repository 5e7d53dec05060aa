//! Whom we believe to be the API server, and how we show who we are: what kubectl takes.
//!
//! rustls holds a peer to more than Go does. Go believes a certificate that stands in the list of authorities
//! itself, whatever it says of itself (a leaf, a self-signed server), and shows a client certificate of version 1.
//! Both are common in hubs that were set up by hand.

use super::ConnectError;
use super::material::Pem;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_name;
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
};
use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant};
use x509_parser::prelude::{FromDer, X509Certificate};

/// Whom to believe.
#[derive(Clone)]
pub(super) enum Authority {
    /// Whoever the machine believes.
    System,
    /// These certificates.
    Of(Pem),
    /// Those of a file that changes, as a pod's does.
    File(PathBuf),
    /// Anybody.
    Anybody,
}

/// How long a file of authorities is believed before it is read anew.
const REREAD: Duration = Duration::from_secs(60);

/// The client's side of TLS.
///
/// # Errors
/// When a certificate or key cannot be used; the error names the field that holds it.
pub(super) fn config(
    authority: &Authority,
    identity: Option<&(Pem, Pem)>,
) -> Result<ClientConfig, ConnectError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let believed = |whom| {
        Arc::new(Believed {
            provider: provider.clone(),
            whom,
        })
    };
    let verifier: Arc<dyn ServerCertVerifier> = match authority {
        Authority::Anybody => believed(Whom::Anybody),
        Authority::Of(pem) => believed(Whom::These(Roots::in_pem(pem, &provider)?)),
        Authority::File(path) => believed(Whom::ThoseIn(Changing::new(path.clone(), &provider)?)),
        Authority::System => Arc::new(
            rustls_platform_verifier::Verifier::new(provider.clone()).map_err(|_| {
                ConnectError::Field {
                    field: "certificate-authority".to_owned(),
                    why: "none is named, and this machine's own authorities cannot be read"
                        .to_owned(),
                }
            })?,
        ),
    };
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(|error| ConnectError::Field {
            field: "TLS".to_owned(),
            why: error.to_string(),
        })?
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    Ok(match identity {
        Some((certificate, key)) => {
            let shown = shown(certificate, key, &provider)?;
            builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(shown)))
        }
        None => builder.with_no_client_auth(),
    })
}

/// The certificate we show, whatever its version, if the key is its own.
fn shown(
    certificate: &Pem,
    key: &Pem,
    provider: &CryptoProvider,
) -> Result<CertifiedKey, ConnectError> {
    let chain = certificate.certificates()?;
    let signing = provider.key_provider.load_private_key(key.key()?).map_err(|_| {
        key.refused("its private key is of a kind that this program cannot use (RSA of 2048 bits or more, P-256, P-384 and Ed25519 can be)")
    })?;
    let first = chain.first().map(AsRef::as_ref).unwrap_or_default();
    let (_, parsed) = X509Certificate::from_der(first)
        .map_err(|_| certificate.refused("its certificate cannot be read"))?;
    if let Some(public) = signing.public_key()
        && public.as_ref() != parsed.public_key().raw
    {
        return Err(key.refused(format!(
            "it is not the key of the certificate in {}",
            certificate.field
        )));
    }
    Ok(CertifiedKey::new(chain, signing))
}

/// Certificates that are believed, and what they vouch for.
#[derive(Debug)]
struct Roots {
    own: Vec<CertificateDer<'static>>,
    /// None where none of them can vouch for another.
    vouching: Option<Arc<WebPkiServerVerifier>>,
}

impl Roots {
    fn in_pem(pem: &Pem, provider: &Arc<CryptoProvider>) -> Result<Self, ConnectError> {
        Self::of(pem.certificates()?, provider).map_err(|why| pem.refused(why))
    }

    fn of(
        own: Vec<CertificateDer<'static>>,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Self, String> {
        let mut store = RootCertStore::empty();
        store.add_parsable_certificates(own.iter().cloned());
        let vouching = match store.is_empty() {
            true => None,
            false => Some(
                WebPkiServerVerifier::builder_with_provider(Arc::new(store), provider.clone())
                    .build()
                    .map_err(|_| "its certificates cannot be used as authorities".to_owned())?,
            ),
        };
        Ok(Self { own, vouching })
    }

    fn verify(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if self
            .own
            .iter()
            .any(|one| one.as_ref() == end_entity.as_ref())
        {
            return itself(end_entity, name, now);
        }
        match &self.vouching {
            Some(vouching) => {
                vouching.verify_server_cert(end_entity, intermediates, name, ocsp, now)
            }
            None => Err(CertificateError::UnknownIssuer.into()),
        }
    }
}

/// One that is believed by itself still has to be for this server and of this time.
fn itself(
    certificate: &CertificateDer<'_>,
    name: &ServerName<'_>,
    now: UnixTime,
) -> Result<ServerCertVerified, rustls::Error> {
    verify_server_name(&ParsedCertificate::try_from(certificate)?, name)?;
    let (_, parsed) = X509Certificate::from_der(certificate)
        .map_err(|_| rustls::Error::from(CertificateError::BadEncoding))?;
    let valid = parsed.validity();
    let now = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
    if now < valid.not_before.timestamp() {
        return Err(CertificateError::NotValidYet.into());
    }
    if now > valid.not_after.timestamp() {
        return Err(CertificateError::Expired.into());
    }
    Ok(ServerCertVerified::assertion())
}

/// Who counts as the API server.
#[derive(Debug)]
enum Whom {
    Anybody,
    These(Roots),
    ThoseIn(Changing),
}

/// Believes whom it is told to, and holds every signature to the certificate that came with it.
#[derive(Debug)]
struct Believed {
    provider: Arc<CryptoProvider>,
    whom: Whom,
}

impl ServerCertVerifier for Believed {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let verify = |roots: &Roots| roots.verify(end_entity, intermediates, name, ocsp, now);
        match &self.whom {
            Whom::Anybody => Ok(ServerCertVerified::assertion()),
            Whom::These(roots) => verify(roots),
            Whom::ThoseIn(file) => verify(&file.current()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}

/// Authorities of a file that is written anew when they are exchanged. While it cannot be read, those that were
/// read last count.
#[derive(Debug)]
struct Changing {
    path: PathBuf,
    provider: Arc<CryptoProvider>,
    read: RwLock<(Arc<Roots>, Instant)>,
}

impl Changing {
    fn new(path: PathBuf, provider: &Arc<CryptoProvider>) -> Result<Self, ConnectError> {
        let first = load(&path, provider)?;
        Ok(Self {
            path,
            provider: provider.clone(),
            read: RwLock::new((Arc::new(first), Instant::now())),
        })
    }

    fn current(&self) -> Arc<Roots> {
        {
            let read = self
                .read
                .read()
                .unwrap_or_else(|poisoned| poisoned.into_inner());
            if read.1.elapsed() < REREAD {
                return read.0.clone();
            }
        }
        let mut read = self
            .read
            .write()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        if read.1.elapsed() >= REREAD {
            match load(&self.path, &self.provider) {
                Ok(fresh) => read.0 = Arc::new(fresh),
                Err(error) => {
                    tracing::warn!(why = %error, "authorities not read anew; those read last count");
                }
            }
            read.1 = Instant::now();
        }
        read.0.clone()
    }
}

fn load(path: &Path, provider: &Arc<CryptoProvider>) -> Result<Roots, ConnectError> {
    let field = format!("the file of authorities {}", path.display());
    let bytes = std::fs::read(path).map_err(|error| ConnectError::Field {
        field: field.clone(),
        why: error.to_string(),
    })?;
    Roots::in_pem(&Pem::new(bytes, field), provider)
}
