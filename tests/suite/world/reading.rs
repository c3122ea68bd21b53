//! What people see: pages, mails, private messages, notices, hidden messages, locks. Whatever is read here is marked
//! as read; the end of a story asks for the rest.

use chaperone::domain::{CaseRef, ChannelId, Fact, Level, MessageId, UserId};
use chaperone::rehearsal::mailbox::Mail;
use chaperone::rehearsal::platform::view::{MessageView, SpaceView};

use super::{Person, Said, World};

/// A page in somebody's direct messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// What it says.
    pub text: String,
    /// Where it stands.
    pub space: ChannelId,
    /// As which message.
    pub message: MessageId,
    /// What its button is called on the wire.
    pub button: Option<String>,
}

impl Page {
    /// Asserts the case, the level and the category that it names.
    #[track_caller]
    pub fn is_about(&self, case: u32, level: Level, category: &str) -> &Page {
        let start = format!("Safeguarding case {}: level {level} (", CaseRef(case));
        assert!(self.text.contains(&start), "{}", self.text);
        assert!(self.text.contains(&format!("category {category}.")), "{}", self.text);
        self
    }
}

fn button_of(message: &MessageView) -> Option<String> {
    let rows = message.components.iter().flat_map(|row| row["components"].as_array().into_iter().flatten());
    rows.filter_map(|part| part["custom_id"].as_str()).map(str::to_owned).next()
}

impl World {
    /// The direct messages of somebody with the bot.
    fn dm(&self, person: &Person) -> Option<SpaceView> {
        let bot = self.platform().bot();
        self.platform().view(person.id).dms.into_iter().find(|dm| dm.members.contains(&bot))
    }

    /// What the bot wrote to somebody and nobody has read yet, oldest first.
    pub(super) fn unread(&self, person: &Person) -> Vec<(ChannelId, MessageView)> {
        let bot = self.platform().bot();
        let Some(dm) = self.dm(person) else { return Vec::new() };
        let unread = |message: &MessageView| {
            message.author == bot
                && message.removed_by.is_none()
                && self.seen(|seen| !seen.messages.contains(&(dm.id, message.id)))
        };
        dm.messages.iter().filter(|message| unread(message)).map(|message| (dm.id, message.clone())).collect()
    }

    fn mark(&self, space: ChannelId, message: MessageId) {
        self.seen(|seen| seen.messages.insert((space, message)));
    }

    /// No page and no mail says a word of what people said, or a young person's name.
    #[track_caller]
    pub(super) fn says_nothing_of_anybody(&self, text: &str) {
        let words = self.seen(|seen| seen.words.clone());
        for said in words.iter().filter(|said| said.len() > 3) {
            assert!(!text.contains(said.as_str()), "a page quotes {said:?}:\n{text}");
        }
        let lower = text.to_lowercase();
        for name in ["ella", "tom", "coach", "sam"] {
            let mut words = lower.split(|c: char| !c.is_alphanumeric());
            assert!(words.all(|word| word != name), "a page names {name}:\n{text}");
        }
    }

    /// The next page in somebody's direct messages; it is read now.
    #[track_caller]
    pub fn next_page(&self, who: &str) -> Page {
        let person = self.person(who);
        let unread = self.unread(&person);
        let found = unread.into_iter().find(|(_, message)| message.content.contains("Safeguarding case"));
        let (space, message) = found.unwrap_or_else(|| panic!("{who} was not paged"));
        self.mark(space, message.id);
        self.says_nothing_of_anybody(&message.content);
        let button = button_of(&message);
        Page { text: message.content, space, message: message.id, button }
    }

    /// Asserts that somebody has no page that they have not read.
    #[track_caller]
    pub fn no_page(&self, who: &str) {
        let unread = self.unread(&self.person(who));
        let pages: Vec<&String> = unread
            .iter()
            .map(|(_, message)| &message.content)
            .filter(|text| text.contains("Safeguarding case"))
            .collect();
        assert!(pages.is_empty(), "{who} was paged: {pages:?}");
    }

    /// The newest page of somebody that can still be acknowledged: where it stands, and its button.
    pub(super) fn button(&self, person: &Person) -> Option<(ChannelId, MessageId, String)> {
        let dm = self.dm(person)?;
        dm.messages.iter().rev().find_map(|message| Some((dm.id, message.id, button_of(message)?)))
    }

    /// The next private message from the bot that is no page; it is read now.
    #[track_caller]
    pub fn next_private_message(&self, who: &str) -> String {
        let unread = self.unread(&self.person(who));
        let found = unread.into_iter().find(|(_, message)| !message.content.contains("Safeguarding case"));
        let (space, message) = found.unwrap_or_else(|| panic!("{who} got no private message"));
        self.mark(space, message.id);
        message.content
    }

    /// Answers for one person's eyes only that nobody has read yet, oldest first: whose, where, what.
    pub(super) fn unread_answers(&self) -> Vec<(UserId, ChannelId, MessageId, String)> {
        let mut unread: Vec<_> = self.platform().read(|state| {
            let messages = state.messages.values().flat_map(|all| all.values());
            messages
                .filter_map(|message| {
                    Some((message.ephemeral_to?, message.channel, message.id, message.content.clone()))
                })
                .collect()
        });
        unread
            .retain(|(_, space, message, _)| self.seen(|seen| !seen.messages.contains(&(*space, *message))));
        unread.sort_by_key(|(_, _, message, _)| *message);
        unread
    }

    /// Whether somebody was answered and has not read it.
    pub fn has_answer(&self, who: &str) -> bool {
        let person = self.person(who).id;
        self.unread_answers().iter().any(|(reader, ..)| *reader == person)
    }

    /// What the bot answered somebody and nobody else could read; it is read now.
    #[track_caller]
    pub fn next_answer(&self, who: &str) -> String {
        let person = self.person(who).id;
        let found = self.unread_answers().into_iter().find(|(reader, ..)| *reader == person);
        let (_, space, message, text) = found.unwrap_or_else(|| panic!("{who} got no answer"));
        self.mark(space, message);
        text
    }

    /// The same with people and channels by name, as Discord shows them.
    #[track_caller]
    pub fn next_answer_named(&self, who: &str) -> String {
        let mut text = self.next_answer(who);
        for (name, id) in &self.0.names.people {
            text = text.replace(&format!("<@{id}>"), &format!("@{name}"));
        }
        let spaces = self.platform().read(|state| {
            state.channels.values().map(|channel| (channel.id, channel.name.clone())).collect::<Vec<_>>()
        });
        for (id, name) in spaces {
            text = text.replace(&format!("<#{id}>"), &format!("#{name}"));
        }
        text
    }

    /// The next notice of the bot in a channel; it is read now.
    #[track_caller]
    pub fn next_notice(&self, space: &str) -> String {
        let space = self.space(space);
        let found = self.unread_notices().into_iter().find(|(at, _)| *at == space);
        let (space, message) = found.expect("no notice");
        self.mark(space, message.id);
        message.content
    }

    /// What the bot wrote in channels and nobody has read yet.
    pub(super) fn unread_notices(&self) -> Vec<(ChannelId, MessageView)> {
        let bot = self.platform().bot();
        let view = self.platform().view(self.person("office").id);
        let mut unread = Vec::new();
        for space in view.guilds.into_iter().flat_map(|guild| guild.spaces) {
            for message in space.messages {
                let fresh = self.seen(|seen| !seen.messages.contains(&(space.id, message.id)));
                if message.author == bot && message.removed_by.is_none() && fresh {
                    unread.push((space.id, message));
                }
            }
        }
        unread
    }

    /// How many mails nobody has read yet.
    pub fn unread_mails(&self) -> usize {
        self.0.mailbox.mails().len() - self.seen(|seen| seen.mails)
    }

    /// The next mail, which must be to this lead; it is read now.
    #[track_caller]
    pub fn next_mail(&self, who: &str) -> Mail {
        let read = self.seen(|seen| seen.mails);
        let mail = self.0.mailbox.mails().get(read).cloned().unwrap_or_else(|| panic!("no mail for {who}"));
        assert_eq!(mail.to, [format!("{who}@club.example")]);
        self.seen(|seen| seen.mails += 1);
        self.says_nothing_of_anybody(&mail.text);
        self.says_nothing_of_anybody(&mail.subject);
        mail
    }

    /// Asserts that the bot has taken a message out of sight.
    #[track_caller]
    pub fn message_is_hidden(&self, said: Said) {
        assert!(self.is_hidden(said), "the message still stands");
        self.seen(|seen| seen.hidden.insert(said.message));
    }

    /// Whether the bot has taken a message out of sight.
    pub fn is_hidden(&self, said: Said) -> bool {
        let bot = self.platform().bot();
        self.platform().read(|state| state.messages[&said.space][&said.message].removed_by == Some(bot))
    }

    /// Asserts that somebody cannot write in a space any more, and that the young people still can read it.
    #[track_caller]
    pub fn is_locked(&self, space: ChannelId, adult: &Person) {
        assert!(!adult.may_write(space), "{} can still write there", adult.name);
        self.seen(|seen| seen.locks.insert(space));
    }

    /// Asserts that somebody whose space was locked can write there again.
    #[track_caller]
    pub fn is_open_again(&self, space: ChannelId, adult: &Person) {
        assert!(adult.may_write(space), "{} still cannot write there", adult.name);
        assert!(self.seen(|seen| seen.locks.remove(&space)), "it was not locked before");
    }

    /// Threads out of which whoever opened them was taken, and channels in which somebody's own overwrite takes their voice.
    pub(super) fn locked_spaces(&self) -> Vec<ChannelId> {
        self.platform().read(|state| {
            let locked = state.channels.values().filter(|channel| {
                channel.thread.as_ref().is_some_and(|thread| !thread.members.contains_key(&thread.owner))
                    || channel.overwrites.iter().any(|overwrite| {
                        overwrite.kind == 1
                            && overwrite.deny & super::bits::SEND_MESSAGES != 0
                            && overwrite.id != state.bot.0
                    })
            });
            locked.map(|channel| channel.id).collect()
        })
    }

    /// How many facts of a kind there are.
    pub async fn count(&self, which: impl Fn(&Fact) -> bool) -> usize {
        self.facts().await.iter().filter(|(_, fact)| which(fact)).count()
    }
}
