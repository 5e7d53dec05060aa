//! Certificates and keys as kubeconfigs hold them: in base64 or in a file, in PEM.

use super::ConnectError;
use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use rustls::pki_types::pem::{PemObject, SectionKind};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::path::{Path, PathBuf};

/// Something in PEM, with what holds it.
#[derive(Clone)]
pub(super) struct Pem {
    bytes: Vec<u8>,
    /// `client-key-data of user "admin"`, `--client-key`: what an error is about.
    pub field: String,
}

/// Where something in PEM is to be found.
#[derive(Clone, Debug, Default)]
pub(super) struct Place {
    /// In base64, which wins.
    pub data: Option<String>,
    pub file: Option<PathBuf>,
    /// `client-key of user "admin"`, without `-data`.
    pub field: (&'static str, String),
}

impl Place {
    /// What an error about it names.
    fn name(&self, data: bool) -> String {
        let (field, of) = &self.field;
        match data {
            true => format!("{field}-data{of}"),
            false => format!("{field}{of}"),
        }
    }

    /// Reads it; none where it names nothing.
    ///
    /// # Errors
    /// When what it names cannot be read.
    pub fn read(&self) -> Result<Option<Pem>, ConnectError> {
        if let Some(data) = self.data.as_deref().filter(|data| !data.is_empty()) {
            let field = self.name(true);
            let bytes = decode(data).ok_or_else(|| ConnectError::Field {
                field: field.clone(),
                why: "it is not base64".to_owned(),
            })?;
            return Ok(Some(Pem { bytes, field }));
        }
        let Some(file) = self.file.as_deref().filter(|file| *file != Path::new("")) else {
            return Ok(None);
        };
        let field = self.name(false);
        match std::fs::read(file) {
            Ok(bytes) => Ok(Some(Pem { bytes, field })),
            Err(error) => Err(ConnectError::Field {
                field,
                why: format!("{}: {error}", file.display()),
            }),
        }
    }
}

impl Pem {
    pub fn new(bytes: Vec<u8>, field: impl Into<String>) -> Self {
        Self {
            bytes,
            field: field.into(),
        }
    }

    /// The bytes as they were read.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// An error about it.
    pub fn refused(&self, why: impl Into<String>) -> ConnectError {
        ConnectError::Field {
            field: self.field.clone(),
            why: why.into(),
        }
    }

    /// Its certificates; what else is in it is passed over, as kubectl does.
    pub fn certificates(&self) -> Result<Vec<CertificateDer<'static>>, ConnectError> {
        let found: Vec<_> = CertificateDer::pem_slice_iter(&self.bytes)
            .filter_map(Result::ok)
            .collect();
        match found.is_empty() {
            true => Err(self.refused("it holds no certificate in PEM")),
            false => Ok(found),
        }
    }

    /// Its first private key, in whichever of the three forms it is written.
    pub fn key(&self) -> Result<PrivateKeyDer<'static>, ConnectError> {
        let sections = <(SectionKind, Vec<u8>)>::pem_slice_iter(&self.bytes).filter_map(Result::ok);
        for (kind, der) in sections {
            let is_key = matches!(
                kind,
                SectionKind::PrivateKey | SectionKind::RsaPrivateKey | SectionKind::EcPrivateKey
            );
            if !is_key {
                continue;
            }
            // The heading may be wrong: what it is says the content, as for Go.
            return PrivateKeyDer::try_from(der)
                .map_err(|_| self.refused(self.encrypted("its private key cannot be read")));
        }
        Err(self.refused(self.encrypted("it holds no private key in PEM")))
    }

    fn encrypted<'a>(&self, otherwise: &'a str) -> &'a str {
        match String::from_utf8_lossy(&self.bytes).contains("ENCRYPTED") {
            true => "its private key is encrypted, which kubectl does not take either",
            false => otherwise,
        }
    }
}

/// Base64, line ends and blanks in it or not.
fn decode(data: &str) -> Option<Vec<u8>> {
    let padding =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let bare: String = data
        .chars()
        .filter(|letter| !letter.is_ascii_whitespace())
        .collect();
    GeneralPurpose::new(&STANDARD, padding).decode(bare).ok()
}
