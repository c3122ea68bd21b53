//! The configuration of a witness: another file, on another machine, of another person than the bot's.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use super::ConfigError;
use super::places::secret;
use super::raw::{Problem, Reader};
use super::secret::SecretSource;

/// A witness' configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WitnessConfig {
    /// Its name, also its key's: `trustee.example/witness`.
    pub name: String,
    /// Where it listens.
    pub listen: SocketAddr,
    /// Where its key and its memory are, relative to the configuration's own folder.
    pub dir: PathBuf,
    /// The public keys of the logs that it cosigns, as they were written.
    pub logs: Vec<String>,
    /// Where the address of its operator's webhook stands.
    pub webhook: Option<SecretSource>,
}

impl WitnessConfig {
    /// Reads and validates a file; environment variables are looked up in this process.
    ///
    /// # Errors
    /// [`ConfigError`]: the file cannot be read, or everything that is wrong in it.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let file = path.display().to_string();
        let text = std::fs::read_to_string(path)
            .map_err(|error| ConfigError::Unreadable { file: file.clone(), why: error.to_string() })?;
        WitnessConfig::parse(&file, &text, &|name| std::env::var(name).ok()).map_err(ConfigError::Wrong)
    }

    /// Validates a text, as [`Config::parse`](super::Config::parse) does.
    ///
    /// # Errors
    /// Every [`Problem`], in the order of lines; never none.
    pub fn parse(file: &str, text: &str, env: &dyn Fn(&str) -> Option<String>) -> Result<Self, Vec<Problem>> {
        let (mut reader, mut root) = Reader::parse(file, text);
        let r = &mut reader;
        let base = Path::new(file).parent().unwrap_or(Path::new(""));
        let (mut name, mut listen, mut dir, mut logs, mut webhook) = (None, None, None, Vec::new(), None);
        if let Some(mut section) = root.section(r, "witness") {
            let fix = "write a name that is yours, without spaces and +: \"trustee.example/witness\"";
            name = section.text(r, "name", fix).map(|name| name.value);
            if name.is_none() {
                r.problem(section.at, "[witness] has no name", fix);
            }
            let fix = "write where it listens: \"127.0.0.1:7861\"";
            listen = section.text(r, "listen", fix).and_then(|listen| {
                let address = listen.value.parse().ok();
                if address.is_none() {
                    r.problem(listen.at, format!("[witness] listen is {:?}", listen.value), fix);
                }
                address
            });
            dir = section.text(r, "dir", "write the folder's path in quotes").map(|dir| dir.value);
            webhook = secret(r, &mut section, ("webhook_env", "webhook_file"), base, env);
            section.done(r);
        } else {
            r.problem(0, "[witness] is missing", "add it with name = \"trustee.example/witness\"");
        }
        let fix = "write the line name+hash+base64 of the log (data/keys/log-signing.pub of the bot, or VERIFY.txt of a bundle)";
        for mut section in root.sections(r, "log") {
            match section.text(r, "key", fix) {
                Some(key) if key.value.split('+').count() < 3 => {
                    r.problem(key.at, "[[log]] key is not a log's public key", fix);
                }
                Some(key) => logs.push(key.value),
                None => r.problem(section.at, "[[log]] has no key", fix),
            }
            section.done(r);
        }
        if logs.is_empty() {
            r.problem(0, "there is no [[log]] to be witness of", fix);
        }
        root.done(r);
        let problems = reader.into_problems();
        match (name, problems.is_empty()) {
            (Some(name), true) => Ok(WitnessConfig {
                name,
                listen: listen.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 7861))),
                dir: base.join(dir.unwrap_or_else(|| "witness".to_owned())),
                logs,
                webhook,
            }),
            _ => Err(problems),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mistake_is_told_with_its_line_and_what_to_do() {
        let text = "[witness]\nlisten = \"here\"\n[[log]]\nkey = \"nonsense\"\ncolour = \"red\"\n";
        let problems = WitnessConfig::parse("w.toml", text, &|_| None).unwrap_err();
        let told: Vec<(usize, &str)> = problems.iter().map(|p| (p.line, p.what.as_str())).collect();
        assert_eq!(told.len(), 5, "{told:?}");
        assert!(problems.iter().all(|problem| !problem.fix.is_empty()));
        let good = "[witness]\nname = \"t.example/w\"\n[[log]]\nkey = \"a+b+c\"\n";
        let config = WitnessConfig::parse("/etc/w/w.toml", good, &|_| None).unwrap();
        assert_eq!((config.dir.as_path(), config.listen.port()), (Path::new("/etc/w/witness"), 7861));
    }
}
