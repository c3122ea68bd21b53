//! What `init` has to know: from flags, else asked on a terminal.

use std::io::{BufRead, Write};

use anyhow::{anyhow, bail};

use super::Args;

/// Everything that goes into the configuration, as it was answered; the configuration's own rules check it.
#[derive(Clone, Debug)]
pub(super) struct Answers {
    pub name: String,
    pub zone: String,
    pub guilds: Vec<String>,
    pub application_id: Option<String>,
    pub leads: Vec<Lead>,
    pub mail: Option<Mail>,
}

/// One lead.
#[derive(Clone, Debug)]
pub(super) struct Lead {
    pub slot: &'static str,
    pub name: String,
    pub discord: String,
    pub email: Option<String>,
    pub recipient: Option<String>,
}

/// A mail server.
#[derive(Clone, Debug)]
pub(super) struct Mail {
    pub host: String,
    pub from: String,
    pub user: Option<String>,
}

/// Asks on one stream and reads the answers from another.
pub(super) struct Interview<R, W> {
    input: R,
    output: W,
    terminal: bool,
    missing: Vec<&'static str>,
}

impl<R: BufRead, W: Write> Interview<R, W> {
    pub fn new(input: R, output: W, terminal: bool) -> Self {
        Interview { input, output, terminal, missing: Vec::new() }
    }

    /// All answers.
    ///
    /// # Errors
    /// When something is missing and nobody can be asked, listing every flag that would say it; when a flag
    /// cannot be read.
    pub fn answers(&mut self, args: Args) -> anyhow::Result<Answers> {
        let name = self.needed(args.name, "--name", "The charity's name")?;
        let guilds = if args.guild.is_empty() {
            self.needed(None, "--guild", "The Discord server's id (Settings, Advanced, Developer Mode; right-click the server, Copy Server ID)")?
                .split([',', ' '])
                .filter(|id| !id.is_empty())
                .map(str::to_owned)
                .collect()
        } else {
            args.guild
        };
        let question =
            "The application's id (developer portal, General Information; empty if there is none yet)";
        let application_id = self.optional(args.application_id, question)?;
        let mut leads = vec![
            self.lead(args.dsl.as_deref(), "--dsl", "dsl", "the designated safeguarding lead (DSL)")?,
            self.lead(args.deputy.as_deref(), "--deputy", "deputy-dsl", "the deputy DSL")?,
        ];
        let mail = self.mail(args.mail_host, args.mail_from, args.mail_user)?;
        if !self.missing.is_empty() {
            bail!(
                "nobody can be asked here, and these are missing: {}\ngive them as flags (chaperone init --help has an example), or run it on a terminal",
                self.missing.join(", ")
            );
        }
        for recipient in args.recipient {
            let (name, recipient) = recipient.split_once('=').unwrap_or((&recipient, ""));
            let lead = leads.iter_mut().find(|lead| lead.name == name).ok_or_else(|| {
                anyhow!(
                    "--recipient names {name:?}, who is no lead here\nwrite it like --recipient sam=age1…"
                )
            })?;
            lead.recipient = Some(recipient.to_owned());
        }
        Ok(Answers { name, zone: args.zone, guilds, application_id, leads, mail })
    }

    fn lead(
        &mut self,
        flag: Option<&str>,
        flag_name: &'static str,
        slot: &'static str,
        who: &str,
    ) -> anyhow::Result<Lead> {
        if let Some(text) = flag {
            let mut parts = text.splitn(3, ':').map(str::to_owned);
            let (Some(name), Some(discord)) = (parts.next(), parts.next()) else {
                bail!(
                    "{flag_name} {text:?} lacks the account's id\nwrite it like {flag_name} sam:323456789012345678:sam@example.org"
                );
            };
            let email = parts.next().filter(|email| !email.is_empty());
            return Ok(Lead { slot, name, discord, email, recipient: None });
        }
        if !self.terminal {
            self.missing.push(flag_name);
            let nothing = String::new;
            return Ok(Lead { slot, name: nothing(), discord: nothing(), email: None, recipient: None });
        }
        Ok(Lead {
            slot,
            name: self.needed(None, flag_name, &format!("A short name for {who}"))?,
            discord: self.needed(
                None,
                flag_name,
                "  their Discord account's id (right-click them, Copy User ID)",
            )?,
            email: self.optional(None, "  their e-mail address for pages (empty for none)")?,
            recipient: self.optional(
                None,
                "  their age recipient, if they have made a key themselves (empty to make one)",
            )?,
        })
    }

    fn mail(
        &mut self,
        host: Option<String>,
        from: Option<String>,
        user: Option<String>,
    ) -> anyhow::Result<Option<Mail>> {
        let asked = host.is_none();
        let Some(host) = self.optional(host, "The mail server for pages by e-mail (empty for none)")? else {
            return Ok(None);
        };
        let from = self.needed(from, "--mail-from", "  the sender's address")?;
        let user =
            if asked { self.optional(user, "  the mail account's name (empty for none)")? } else { user };
        Ok(Some(Mail { host, from, user }))
    }

    /// An answer that must be given; asked again until it is.
    fn needed(
        &mut self,
        flag: Option<String>,
        flag_name: &'static str,
        question: &str,
    ) -> anyhow::Result<String> {
        if let Some(answer) = flag {
            return Ok(answer);
        }
        if !self.terminal {
            self.missing.push(flag_name);
            return Ok(String::new());
        }
        loop {
            if let Some(answer) = self.ask(question)? {
                return Ok(answer);
            }
        }
    }

    /// An answer that may be left out; nobody is asked where there is no terminal.
    fn optional(&mut self, flag: Option<String>, question: &str) -> anyhow::Result<Option<String>> {
        if flag.is_some() || !self.terminal {
            return Ok(flag);
        }
        self.ask(question)
    }

    fn ask(&mut self, question: &str) -> anyhow::Result<Option<String>> {
        write!(self.output, "{question}: ")?;
        self.output.flush()?;
        let mut line = String::new();
        if self.input.read_line(&mut line)? == 0 {
            bail!("the answers ended before the questions\nrun it again, or give the answers as flags");
        }
        let answer = line.trim();
        Ok((!answer.is_empty()).then(|| answer.to_owned()))
    }
}
