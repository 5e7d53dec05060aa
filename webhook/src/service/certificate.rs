//! The serving certificate, read from files and followed when they change.
//!
//! The files are polled by content. Watching the *file* misses every rotation after the first when a
//! Secret volume swaps its `..data` symlink, and nobody notices until the certificate expires.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio::sync::watch;

use super::metrics::Metrics;

/// Where the PEM files are.
#[derive(Clone, Debug)]
pub struct Files {
    /// Certificate chain, the leaf first.
    pub certificate: PathBuf,
    /// Private key of the leaf.
    pub key: PathBuf,
}

/// Why a certificate could not be loaded. The message names the file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// A file cannot be read.
    #[error("cannot read {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The certificate file holds no PEM certificate.
    #[error("{path} holds no readable PEM certificate")]
    NoCertificate {
        /// The file.
        path: PathBuf,
    },
    /// The key file holds no PEM private key.
    #[error("{path} holds no readable PEM private key")]
    NoKey {
        /// The file.
        path: PathBuf,
    },
    /// The two files are not of one pair.
    #[error("{certificate} and {key} do not belong together: {source}")]
    Mismatch {
        /// The certificate file.
        certificate: PathBuf,
        /// The key file.
        key: PathBuf,
        /// What rustls said.
        source: rustls::Error,
    },
    /// The leaf is not an X.509 certificate we can read.
    #[error("{path}: the first certificate is not readable X.509")]
    NotX509 {
        /// The file.
        path: PathBuf,
    },
}

/// The bytes of both files. Holds a private key: neither `Debug` nor serialisable.
#[derive(PartialEq, Eq)]
struct Contents {
    certificate: Vec<u8>,
    key: Vec<u8>,
}

impl Files {
    async fn read(&self) -> Result<Contents, CertificateError> {
        let read = async |path: &PathBuf| {
            tokio::fs::read(path)
                .await
                .map_err(|source| CertificateError::Read {
                    path: path.clone(),
                    source,
                })
        };
        let mut certificate = read(&self.certificate).await?;
        loop {
            let key = read(&self.key).await?;
            let again = read(&self.certificate).await?;
            if again == certificate {
                return Ok(Contents { certificate, key });
            }
            // The volume was swapped in between: the key may be of the other pair.
            certificate = again;
        }
    }

    fn parse(
        &self,
        contents: &Contents,
        provider: &CryptoProvider,
    ) -> Result<Pair, CertificateError> {
        let path = || self.certificate.clone();
        let chain = CertificateDer::pem_slice_iter(&contents.certificate)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|_| CertificateError::NoCertificate { path: path() })?;
        let leaf = chain
            .first()
            .ok_or_else(|| CertificateError::NoCertificate { path: path() })?;
        let (_, x509) = x509_parser::parse_x509_certificate(leaf)
            .map_err(|_| CertificateError::NotX509 { path: path() })?;
        let not_after = x509.validity().not_after.timestamp();
        let key =
            PrivateKeyDer::from_pem_slice(&contents.key).map_err(|_| CertificateError::NoKey {
                path: self.key.clone(),
            })?;
        let key = CertifiedKey::from_der(chain, key, provider).map_err(|source| {
            CertificateError::Mismatch {
                certificate: path(),
                key: self.key.clone(),
                source,
            }
        })?;
        Ok(Pair {
            key: Arc::new(key),
            not_after,
        })
    }
}

#[derive(Clone, Debug)]
struct Pair {
    key: Arc<CertifiedKey>,
    not_after: i64,
}

/// The pair in use; what TLS asks at each handshake.
#[derive(Debug)]
pub struct Certificate {
    files: Files,
    provider: Arc<CryptoProvider>,
    current: RwLock<Pair>,
    rotations: watch::Sender<u64>,
}

impl Certificate {
    /// Reads the pair for the first time.
    ///
    /// # Errors
    /// When a file is missing or unreadable, or the two do not belong together: a webhook that
    /// cannot serve TLS should say so at once and not start.
    pub async fn load(
        files: Files,
        provider: Arc<CryptoProvider>,
    ) -> Result<Self, CertificateError> {
        let pair = files.parse(&files.read().await?, &provider)?;
        Ok(Self {
            files,
            provider,
            current: RwLock::new(pair),
            rotations: watch::Sender::new(0),
        })
    }

    /// When the leaf expires, in seconds since the epoch.
    #[must_use]
    pub fn not_after(&self) -> i64 {
        self.pair().not_after
    }

    /// Counts the rotations that were picked up.
    #[must_use]
    pub fn rotations(&self) -> watch::Receiver<u64> {
        self.rotations.subscribe()
    }

    fn pair(&self) -> Pair {
        self.current
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Compares the files with what is in use, every `every`, for ever. A pair that cannot be used is
    /// logged and counted once, and the last good one stays.
    pub async fn follow(&self, every: Duration, metrics: &Metrics) {
        metrics.certificate_not_after.set(self.not_after());
        // Nothing seen yet: a rotation since the start is found at the first tick.
        let mut seen: Option<Contents> = None;
        let mut ticks = tokio::time::interval(every);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut failing: Option<String> = None;
        loop {
            ticks.tick().await;
            let outcome = match self.files.read().await {
                Ok(contents) if seen.as_ref() == Some(&contents) => continue,
                Ok(contents) => {
                    let parsed = self.files.parse(&contents, &self.provider);
                    // A half-written pair is read again at the next tick only if it changes.
                    seen = Some(contents);
                    parsed
                }
                Err(error) => {
                    seen = None;
                    Err(error)
                }
            };
            match outcome {
                Ok(pair) => {
                    failing = None;
                    let not_after = pair.not_after;
                    let fresh = pair.key.cert != self.pair().key.cert;
                    *self.current.write().unwrap_or_else(PoisonError::into_inner) = pair;
                    metrics.certificate_not_after.set(not_after);
                    if fresh {
                        metrics.certificate_rotated(true);
                        self.rotations
                            .send_modify(|count| *count = count.wrapping_add(1));
                        tracing::info!(not_after, "serving certificate rotated");
                    }
                }
                Err(error) => {
                    let text = error.to_string();
                    if failing.as_ref() != Some(&text) {
                        metrics.certificate_rotated(false);
                        tracing::error!(
                            error = %text,
                            "new serving certificate is unusable; the last good one stays in use"
                        );
                        failing = Some(text);
                    }
                }
            }
        }
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.pair().key)
    }
}
