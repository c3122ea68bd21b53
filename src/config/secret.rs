//! Secrets: values that never print, and where they are read from.

use std::fmt;
use std::path::PathBuf;

/// A value that never prints.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a value; white space around it (a file's last line break) is dropped.
    #[must_use]
    pub fn new(value: &str) -> Self {
        Secret(value.trim().to_owned())
    }

    /// The value, for the one place that sends it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Where a secret stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretSource {
    /// In an environment variable.
    Env {
        /// The variable.
        name: String,
        /// What it held when the configuration was read.
        value: Option<Secret>,
    },
    /// In a file of its own.
    File(PathBuf),
}

impl SecretSource {
    /// Whether it is an environment variable that was not set when the configuration was read.
    #[must_use]
    pub fn is_unset(&self) -> bool {
        matches!(self, SecretSource::Env { value: None, .. })
    }

    /// Reads the secret.
    ///
    /// # Errors
    /// What is missing and what to do, in one sentence each; never a part of the secret.
    pub fn read(&self) -> Result<Secret, String> {
        let secret = match self {
            SecretSource::Env { name, value } => value.clone().ok_or_else(|| {
                format!("the environment variable {name} is not set — set it before starting Chaperone")
            })?,
            SecretSource::File(path) => {
                let text = std::fs::read_to_string(path).map_err(|error| {
                    format!(
                        "{} cannot be read ({error}) — make the file readable for Chaperone",
                        path.display()
                    )
                })?;
                Secret::new(&text)
            }
        };
        if secret.0.is_empty() {
            return Err(format!("{self} is empty — put the secret there"));
        }
        if secret.0.chars().any(|c| c.is_control() || c == ' ') {
            return Err(format!("{self} holds more than one word or line — put only the secret there"));
        }
        Ok(secret)
    }
}

impl fmt::Display for SecretSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SecretSource::Env { name, .. } => write!(f, "the environment variable {name}"),
            SecretSource::File(path) => write!(f, "the file {}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_never_prints_and_says_where_it_is_missing() {
        let secret = Secret::new("hunter2\n");
        assert_eq!(format!("{secret:?}"), "Secret(…)");
        assert_eq!(secret.expose(), "hunter2");
        let source =
            |value: Option<&str>| SecretSource::Env { name: "X".into(), value: value.map(Secret::new) };
        assert!(source(None).read().unwrap_err().contains("X is not set"));
        assert!(source(Some(" ")).read().unwrap_err().contains("is empty"));
        let two = source(Some("hunter2\nhunter3")).read().unwrap_err();
        assert!(two.contains("more than one") && !two.contains("hunter"), "{two}");
        assert!(!format!("{:?}", source(Some("hunter2"))).contains("hunter2"));
    }

    #[test]
    fn a_secret_file_loses_its_last_line_break() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        std::fs::write(&path, "hunter2\n").unwrap();
        assert_eq!(SecretSource::File(path).read().unwrap().expose(), "hunter2");
        let missing = SecretSource::File(folder.path().join("missing")).read().unwrap_err();
        assert!(missing.contains("cannot be read"), "{missing}");
    }
}
