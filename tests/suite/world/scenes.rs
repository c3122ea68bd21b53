//! Scenes that several stories begin with, and how each is put to an end.

use chaperone::domain::{CaseRef, ChannelId, Event, Fact, Heard, Level, MessageId};
use chaperone::rehearsal::platform::Op;
use sqlx::Connection as _;

use super::{Person, Said, World, seconds, small_disk};

/// Another program keeps the database to itself: nothing can be written.
pub enum Full {
    /// The database is held by somebody else.
    Held(sqlx::SqliteConnection),
    /// The disk is full, because of this file.
    Filled(std::path::PathBuf),
    /// Nothing may be written to these files any more, open or not.
    Immutable(Vec<std::path::PathBuf>),
}

impl Full {
    /// It lets go.
    pub async fn ends(self) {
        match self {
            Full::Held(mut connection) => {
                sqlx::query("ROLLBACK").execute(&mut connection).await.unwrap();
                connection.close().await.unwrap();
            }
            Full::Filled(file) => std::fs::remove_file(file).unwrap(),
            Full::Immutable(files) => assert!(change_attribute("-i", &files), "writable again"),
        }
    }
}

impl World {
    /// An adult has been alone with a young person for longer than the grace: locked, everybody there told. The DSL's
    /// page is still to be read.
    pub async fn lone_adult(&self) -> ChannelId {
        let (coach, ella) = self.supervised_pair();
        let thread = coach.opens_private_thread("#art", "a quick word", &[&ella]).await;
        self.advance(seconds(20)).await;
        self.is_locked(thread, &coach);
        self.next_private_message("coach");
        self.next_private_message("ella");
        thread
    }

    /// Locked, everybody told once, the DSL called once and acknowledging.
    pub async fn lone_adult_is_over(&self, thread: ChannelId, adult: &Person) {
        self.is_locked(thread, adult);
        self.next_private_message(&adult.name);
        self.next_private_message("ella");
        self.next_page("dsl").is_about(1, Level::Serious, "contact");
        self.dsl().acknowledges().await;
    }

    /// Tom tells Ella to end her life.
    pub async fn kys(&self) -> Said {
        let said = self.kys_without_waiting();
        self.settle().await;
        said
    }

    /// The same, without waiting for the bot.
    pub fn kys_without_waiting(&self) -> Said {
        let hello = self.person("ella").blurts("#art", "can somebody pass the glue");
        self.person("tom").retorts(hello, "kys")
    }

    /// Both were told once, the DSL was called once and acknowledges.
    pub async fn kys_is_over(&self) {
        assert!(self.next_private_message("tom").contains("is hidden"));
        assert!(self.next_private_message("ella").contains("not your fault"));
        let page = self.next_page("dsl");
        assert!(page.text.contains("category bullying."), "{}", page.text);
        self.dsl().acknowledges().await;
    }

    /// Nobody but the DSL was called.
    #[track_caller]
    pub fn deputy_stays_quiet(&self) {
        self.no_page("deputy");
        assert_eq!(self.unread_mails(), 0);
    }

    /// An acknowledgement that claims to be somebody's, past the platform's own rules; what it led to.
    pub async fn acknowledgement_arrives(&self, case: CaseRef, by: &Person) -> Vec<Fact> {
        self.hears(Event::Acknowledged { case, by: by.id, via: "discord-dm".to_owned() }).await
    }

    /// Something that the platform itself would not say; what it led to.
    pub async fn hears(&self, event: Event) -> Vec<Fact> {
        let heard = Heard { at: self.now(), event };
        let facts = self.0.bot.lock().await.as_ref().unwrap().ear.hear_durably(heard).await.unwrap();
        self.settle().await;
        facts
    }

    /// What a message in somebody's direct messages says now.
    #[track_caller]
    pub fn text_of(&self, who: &str, message: MessageId) -> String {
        let view = self.platform().view(self.person(who).id);
        let mut all = view.dms.into_iter().flat_map(|dm| dm.messages);
        all.find(|shown| shown.id == message).expect("no such message").content
    }

    /// Who was mailed since the last look; all of it is read now.
    pub fn all_mails(&self) -> Vec<String> {
        let read = self.seen(|seen| seen.mails);
        let mails = self.0.mailbox.mails();
        self.seen(|seen| seen.mails = mails.len());
        for mail in &mails[read..] {
            self.says_nothing_of_anybody(&mail.text);
        }
        mails[read..]
            .iter()
            .flat_map(|mail| &mail.to)
            .map(|to| to.split('@').next().unwrap().to_owned())
            .collect()
    }

    /// Whether somebody has a page that they have not read.
    pub fn is_paged(&self, who: &str) -> bool {
        let unread = self.unread(&self.person(who));
        unread.iter().any(|(_, message)| message.content.contains("Safeguarding case"))
    }

    /// Whether there is a notice in a channel that nobody has read.
    pub fn has_notice(&self, space: &str) -> bool {
        let space = self.space(space);
        self.unread_notices().iter().any(|(at, _)| *at == space)
    }

    /// The leads read what they were sent; nobody may have the same page twice.
    pub fn read_everything_from_leads(&self) {
        for who in ["dsl", "deputy", "chair"] {
            let mut rounds = std::collections::BTreeSet::new();
            while self.is_paged(who) {
                let page = self.next_page(who);
                assert!(rounds.insert(page.button.clone()), "{who} was sent the same page twice: {page:?}");
            }
        }
        while self.has_notice("#operator") {
            self.next_notice("#operator");
        }
        let mails = self.0.mailbox.mails();
        let ids: std::collections::BTreeSet<_> = mails.iter().map(|mail| &mail.message_id).collect();
        assert_eq!(ids.len(), mails.len(), "the same mail twice");
        self.all_mails();
    }

    /// Everybody reads everything.
    pub fn read_everything(&self) {
        self.read_everything_from_leads();
        for name in self.0.names.people.keys() {
            while !self.unread(&self.person(name)).is_empty() {
                self.next_private_message(name);
            }
        }
    }

    /// From now on nothing can be kept: another program keeps the database locked.
    pub async fn nothing_can_be_kept(&self) -> Full {
        if small_disk().is_some() {
            let path = self.database().with_file_name("filler");
            let mut file = std::fs::File::create(&path).unwrap();
            while std::io::Write::write_all(&mut file, &[0; 4_096]).is_ok() {}
            return Full::Filled(path);
        }
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(self.database());
        let mut connection = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
        sqlx::query("BEGIN IMMEDIATE").execute(&mut connection).await.unwrap();
        Full::Held(connection)
    }

    /// From now on the database may only be read, though it is open for writing: as on a disk that the system remounted
    /// after an error. Nothing where this user may not do so.
    pub fn database_turns_read_only(&self) -> Option<Full> {
        let database = self.database();
        let files: Vec<_> =
            ["chaperone.db", "chaperone.db-wal"].map(|name| database.with_file_name(name)).into();
        if open_files_turn_read_only(&database.with_file_name("probe")) && change_attribute("+i", &files) {
            return Some(Full::Immutable(files));
        }
        change_attribute("-i", &files);
        None
    }

    /// Somebody writes what the server's own filter does not let through.
    pub async fn filter_stops(&self, who: &Person, place: impl super::people::Place, text: &str) {
        self.seen(|seen| seen.words.push(text.to_owned()));
        let (content, keyword) = (text.to_owned(), "rule".to_owned());
        who.does(Op::AutoModBlocks { user: who.id, channel: place.of(self), content, keyword }).unwrap();
        self.settle().await;
    }

    /// Lets time pass until the bot, which tries again every two seconds, has caught up.
    pub async fn comes_to_rest_again(&self) {
        for _ in 0..10 {
            self.pass(seconds(2));
            if tokio::time::timeout(seconds(1), self.settle()).await.is_ok() {
                return self.advance(seconds(5)).await;
            }
        }
        self.settle().await;
    }
}

/// Makes files immutable or lets them be; whether that worked.
fn change_attribute(change: &str, files: &[std::path::PathBuf]) -> bool {
    let chattr = std::process::Command::new("chattr").arg(change).args(files).output();
    chattr.is_ok_and(|chattr| chattr.status.success())
}

/// Whether what is made immutable here is so for whoever has it open already: not on every kind of disk.
fn open_files_turn_read_only(probe: &std::path::Path) -> bool {
    let mut file = std::fs::File::create(probe).unwrap();
    let probes = [probe.to_owned()];
    let refused = change_attribute("+i", &probes) && std::io::Write::write_all(&mut file, b"x").is_err();
    change_attribute("-i", &probes);
    std::fs::remove_file(probe).unwrap();
    refused
}
