//! `tests/parts/parts.json`: which binary comes from which Go module.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

const PARTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../parts");

#[derive(Debug, Deserialize)]
pub(super) struct Manifest {
    modules: Vec<Module>,
}

/// One Go module: a directory with its own go.mod and go.sum.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Module {
    pub(super) dir: String,
    pub(super) version: String,
    binaries: Vec<Binary>,
}

#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Binary {
    pub(super) name: String,
    pub(super) package: String,
    pub(super) version: String,
    pub(super) ldflags: String,
}

impl Manifest {
    pub(super) fn read() -> Result<Self> {
        let path = Path::new(PARTS).join("parts.json");
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("the list of parts, {}", path.display()))?;
        serde_json::from_str(&text).with_context(|| format!("{}", path.display()))
    }

    pub(super) fn module(&self, dir: &str) -> Result<&Module> {
        self.modules
            .iter()
            .find(|module| module.dir == dir)
            .with_context(|| format!("parts.json has no module {dir}"))
    }
}

impl Module {
    pub(super) fn path(&self) -> PathBuf {
        Path::new(PARTS).join(&self.dir)
    }

    pub(super) fn binary(&self, name: &str) -> Result<&Binary> {
        self.binaries
            .iter()
            .find(|binary| binary.name == name)
            .with_context(|| format!("parts.json: module {} has no binary {name}", self.dir))
    }
}
