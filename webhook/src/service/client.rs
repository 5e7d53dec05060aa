//! Who may send reviews at all, where the API server has a certificate to show.
//!
//! Without it whoever reaches the port may ask, under any name. The authority is read from a file and followed
//! like the serving certificate: an API server's own is renewed as well.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, RootCertStore,
    SignatureScheme,
};
use x509_parser::extensions::GeneralName;

/// Why the authority cannot be used. The message names the file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuthorityError {
    /// It cannot be read.
    #[error("cannot read {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// It holds no certificate that can be an authority.
    #[error("{path} holds no usable PEM certificate of an authority: {why}")]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
}

/// Verifies the certificates of those who connect, by the authority of the moment.
#[derive(Debug)]
pub struct ClientAuthority {
    path: PathBuf,
    /// The name a certificate must have besides; any where none is given.
    name: Option<String>,
    provider: Arc<CryptoProvider>,
    current: RwLock<Current>,
}

#[derive(Clone, Debug)]
struct Current {
    bytes: Vec<u8>,
    verifier: Arc<dyn ClientCertVerifier>,
}

impl ClientAuthority {
    /// Reads it for the first time.
    ///
    /// # Errors
    /// When the file cannot be read or holds no authority: a webhook that is to know its callers must not start
    /// without.
    pub async fn load(
        path: PathBuf,
        name: Option<String>,
        provider: Arc<CryptoProvider>,
    ) -> Result<Self, AuthorityError> {
        let current = read(&path, &provider).await?;
        Ok(Self {
            path,
            name,
            provider,
            current: RwLock::new(current),
        })
    }

    /// Compares the file with what is in use, every `every`, for ever. What cannot be used is logged, and the
    /// last good one stays.
    pub async fn follow(&self, every: Duration) {
        let mut failing = None;
        loop {
            tokio::time::sleep(every).await;
            match read(&self.path, &self.provider).await {
                Ok(fresh) => {
                    failing = None;
                    let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
                    if fresh.bytes != current.bytes {
                        *current = fresh;
                        tracing::info!("authority of clients rotated");
                    }
                }
                Err(error) => {
                    let text = error.to_string();
                    if failing.as_ref() != Some(&text) {
                        tracing::error!(
                            error = %text,
                            "new authority of clients is unusable; the last good one stays in use"
                        );
                        failing = Some(text);
                    }
                }
            }
        }
    }

    fn verifier(&self) -> Arc<dyn ClientCertVerifier> {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&current.verifier)
    }
}

async fn read(path: &PathBuf, provider: &Arc<CryptoProvider>) -> Result<Current, AuthorityError> {
    let bytes = tokio::fs::read(path).await;
    let bytes = bytes.map_err(|source| AuthorityError::Read {
        path: path.clone(),
        source,
    })?;
    let unusable = |why: String| AuthorityError::Unusable {
        path: path.clone(),
        why,
    };
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&bytes) {
        let certificate = certificate.map_err(|error| unusable(error.to_string()))?;
        let added = roots.add(certificate);
        added.map_err(|error| unusable(error.to_string()))?;
    }
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider))
            .build()
            .map_err(|error| unusable(error.to_string()))?;
    Ok(Current { bytes, verifier })
}

impl ClientCertVerifier for ClientAuthority {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        // A hint is optional, and would have to outlive a rotation.
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let verified = self
            .verifier()
            .verify_client_cert(end_entity, intermediates, now)?;
        match &self.name {
            Some(name) if !is_called(end_entity, name) => {
                Err(Error::InvalidCertificate(CertificateError::NotValidForName))
            }
            _ => Ok(verified),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier()
            .verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier()
            .verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.verifier().supported_verify_schemes()
    }
}

/// Whether a certificate has this name: its common name, which is what Kubernetes takes for a user's, or a DNS
/// name.
fn is_called(certificate: &CertificateDer<'_>, name: &str) -> bool {
    let Ok((_, certificate)) = x509_parser::parse_x509_certificate(certificate) else {
        return false;
    };
    let mut common = certificate.subject().iter_common_name();
    let alternative = certificate.subject_alternative_name().ok().flatten();
    common.any(|one| one.as_str() == Ok(name))
        || alternative.is_some_and(|names| {
            let mut names = names.value.general_names.iter();
            names.any(|one| matches!(one, GeneralName::DNSName(dns) if *dns == name))
        })
}
