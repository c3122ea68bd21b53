//! What people do. Each act happens on the platform, then the bot is given time to hear it.

use chaperone::discord::interactions::report;
use chaperone::domain::{ChannelId, MessageId, UserId};
use chaperone::rehearsal::platform::model::Attachment;
use chaperone::rehearsal::platform::op::{CommandUse, MessageEdit, NewThread};
use chaperone::rehearsal::platform::{Answer, NewMessage, Op, Refused};

use serde_json::{Value, json};

use super::World;

/// Somebody in the club.
#[derive(Clone)]
pub struct Person {
    pub(super) w: World,
    /// The name in the story.
    pub name: String,
    /// The account.
    pub id: UserId,
}

/// Something that was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Said {
    /// Where.
    pub space: ChannelId,
    /// As which message.
    pub message: MessageId,
}

/// Where something is said: a channel's name, or a thread.
pub trait Place: Copy {
    /// Its number.
    fn of(&self, w: &World) -> ChannelId;
}

impl Place for &str {
    fn of(&self, w: &World) -> ChannelId {
        w.space(self)
    }
}

impl Place for ChannelId {
    fn of(&self, _: &World) -> ChannelId {
        *self
    }
}

impl Person {
    /// Does something; the bot does not get to hear it yet.
    pub fn does(&self, op: Op) -> Result<Answer, Refused> {
        self.w.platform().perform(op).map(|outcome| outcome.answer)
    }

    /// Says something without waiting for the bot.
    pub fn blurts(&self, place: impl Place, text: &str) -> Said {
        self.posts(place, NewMessage::text(text))
            .unwrap_or_else(|why| panic!("{} cannot write: {why}", self.name))
    }

    fn posts(&self, place: impl Place, message: NewMessage) -> Result<Said, Refused> {
        self.w.seen(|seen| seen.words.push(message.content.clone()));
        match self.does(Op::Say { by: self.id, channel: place.of(&self.w), message })? {
            Answer::Message(space, message) => Ok(Said { space, message }),
            other => panic!("{other:?}"),
        }
    }

    /// Says something.
    pub async fn says(&self, place: impl Place, text: &str) -> Said {
        let said = self.blurts(place, text);
        self.w.settle().await;
        said
    }

    /// Answers a message.
    pub async fn replies(&self, to: Said, text: &str) -> Said {
        let message = NewMessage { reply_to: Some(to.message), ..NewMessage::text(text) };
        let said = self.posts(to.space, message).unwrap();
        self.w.settle().await;
        said
    }

    /// Answers a message without waiting for the bot.
    pub fn retorts(&self, to: Said, text: &str) -> Said {
        let message = NewMessage { reply_to: Some(to.message), ..NewMessage::text(text) };
        self.posts(to.space, message).unwrap()
    }

    /// Says something with a picture attached.
    pub async fn shows(&self, place: impl Place, text: &str, file: &str) -> Said {
        let picture = Attachment {
            id: 0,
            filename: file.to_owned(),
            content_type: Some("image/png".to_owned()),
            size: 48_213,
            description: None,
        };
        let said =
            self.posts(place, NewMessage { attachments: vec![picture], ..NewMessage::text(text) }).unwrap();
        self.w.settle().await;
        said
    }

    /// Whether the platform lets them write there.
    pub fn may_write(&self, place: impl Place) -> bool {
        let space = place.of(&self.w);
        let view = self.w.platform().view(self.id);
        view.guilds.iter().flat_map(|guild| &guild.spaces).any(|seen| seen.id == space && seen.may_write)
    }

    /// Changes what they said.
    pub async fn edits(&self, said: Said, text: &str) {
        self.w.seen(|seen| seen.words.push(text.to_owned()));
        let edit = MessageEdit { content: Some(text.to_owned()), ..MessageEdit::default() };
        self.does(Op::Edit { by: self.id, channel: said.space, message: said.message, edit }).unwrap();
        self.w.settle().await;
    }

    /// Takes back what they said.
    pub async fn deletes(&self, said: Said) {
        self.does(Op::Delete { by: self.id, channel: said.space, message: said.message }).unwrap();
        self.w.settle().await;
    }

    /// Opens a private thread with these people.
    pub async fn opens_private_thread(&self, place: impl Place, name: &str, with: &[&Person]) -> ChannelId {
        let thread = self.starts_private_thread(place, name, with);
        self.w.settle().await;
        thread
    }

    /// The same without waiting for the bot.
    pub fn starts_private_thread(&self, place: impl Place, name: &str, with: &[&Person]) -> ChannelId {
        let thread = NewThread {
            name: name.to_owned(),
            private: true,
            invite: with.iter().map(|person| person.id).collect(),
            ..NewThread::default()
        };
        let channel = place.of(&self.w);
        let Answer::Channel(thread) = self.does(Op::OpenThread { by: self.id, channel, thread }).unwrap()
        else {
            panic!("no thread")
        };
        thread
    }

    /// Brings somebody into a thread.
    pub async fn adds(&self, whom: &Person, thread: ChannelId) {
        self.does(Op::AddThreadMember { by: self.id, thread, user: whom.id }).unwrap();
        self.w.settle().await;
    }

    /// Writes to somebody in a direct message, which no bot can see. The club's pause does not bind the two: they share
    /// another server.
    pub fn whispers(&self, to: &Person, text: &str) -> Said {
        let elsewhere = Op::CreateGuild { owner: self.id, name: "elsewhere".to_owned() };
        let Answer::Guild(guild) = self.does(elsewhere).unwrap() else { panic!("no server") };
        self.does(Op::JoinGuild { user: to.id, guild, roles: Vec::new() }).unwrap();
        let channel = self.w.platform().dm(self.id, to.id).unwrap();
        self.blurts(channel, text)
    }

    /// Writes to the bot.
    pub async fn tells_bot(&self, text: &str) -> Said {
        let channel = self.w.platform().dm(self.id, self.w.platform().bot()).unwrap();
        self.says(channel, text).await
    }

    /// The same without waiting for the bot.
    pub fn blurts_to_bot(&self, text: &str) -> Said {
        let channel = self.w.platform().dm(self.id, self.w.platform().bot()).unwrap();
        self.blurts(channel, text)
    }

    /// Adds the bot to their own account, so that its commands are there in every direct message.
    pub fn adds_the_app(&self) {
        self.does(Op::InstallApp { by: self.id }).unwrap();
    }

    /// Uses an entry of the menu of a message.
    pub async fn reports(&self, said: Said) {
        self.uses(said.space, report::MENU, 3, Some(said.message.0), &[]).await;
    }

    /// Uses the entry of the menu of a person.
    pub async fn reports_person(&self, place: impl Place, whom: &Person) {
        self.uses(place.of(&self.w), report::MENU, 2, Some(whom.id.0), &[]).await;
    }

    /// Writes `/report` somewhere.
    pub async fn reports_in_words(&self, place: impl Place, words: &str) {
        self.blurts_a_report(place, words);
        self.w.settle().await;
    }

    /// The same without waiting for the bot.
    pub fn blurts_a_report(&self, place: impl Place, words: &str) {
        self.w.seen(|seen| seen.words.push(words.to_owned()));
        let options = vec![json!({ "name": "what", "type": 3, "value": words })];
        self.tries(place.of(&self.w), report::COMMAND, 1, None, options).unwrap();
    }

    /// Uses a slash command, with a subcommand where it has some.
    pub async fn commands(&self, place: impl Place, name: &str, sub: Option<&str>, options: Vec<Value>) {
        self.blurts_a_command(place, name, sub, options);
        self.w.settle().await;
    }

    /// The same without waiting for the bot.
    pub fn blurts_a_command(&self, place: impl Place, name: &str, sub: Option<&str>, options: Vec<Value>) {
        self.tries(place.of(&self.w), name, 1, None, under(sub, options)).unwrap();
    }

    /// Uses a command that opens a form, fills it in and sends it.
    pub async fn fills_in(
        &self,
        place: impl Place,
        name: &str,
        sub: Option<&str>,
        options: Vec<Value>,
        fields: &[(&str, &str)],
    ) {
        let command =
            CommandUse { name: name.to_owned(), kind: 1, options: under(sub, options), target: None };
        let channel = place.of(&self.w);
        let Answer::Interaction(interaction) =
            self.does(Op::UseCommand { by: self.id, channel, command }).unwrap()
        else {
            panic!("no interaction")
        };
        self.w.settle().await;
        let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        self.does(Op::SubmitModal { by: self.id, interaction, fields }).unwrap();
        self.w.settle().await;
    }

    /// What is offered for a field of a command while they type; the values that would be sent.
    pub async fn is_offered(
        &self,
        place: impl Place,
        name: &str,
        sub: Option<&str>,
        field: &str,
        typed: &str,
    ) -> Vec<String> {
        let focused = vec![json!({ "name": field, "type": 3, "value": typed, "focused": true })];
        let options = under(sub, focused);
        let command = CommandUse { name: name.to_owned(), kind: 1, options, target: None };
        let channel = place.of(&self.w);
        let Answer::Interaction(id) = self.does(Op::AskChoices { by: self.id, channel, command }).unwrap()
        else {
            panic!("nothing was asked")
        };
        self.w.settle().await;
        let choices = self.w.platform().read(|state| state.interactions[&id].choices.clone());
        let choices = choices.expect("the choices were answered");
        choices
            .as_array()
            .unwrap()
            .iter()
            .map(|choice| choice["value"].as_str().unwrap().to_owned())
            .collect()
    }

    async fn uses(&self, channel: ChannelId, name: &str, kind: u8, target: Option<u64>, options: &[Value]) {
        self.tries(channel, name, kind, target, options.to_vec()).unwrap();
        self.w.settle().await;
    }

    fn tries(
        &self,
        channel: ChannelId,
        name: &str,
        kind: u8,
        target: Option<u64>,
        options: Vec<Value>,
    ) -> Result<Answer, Refused> {
        let command = CommandUse { name: name.to_owned(), kind, options, target };
        self.does(Op::UseCommand { by: self.id, channel, command })
    }

    /// Takes no direct messages any more.
    pub fn closes_dms(&self) {
        self.does(Op::TakeDms { by: self.id, on: false }).unwrap();
    }

    /// Presses the button under the newest page in their direct messages.
    pub async fn acknowledges(&self) {
        let (channel, message, custom_id) =
            self.w.button(self).unwrap_or_else(|| panic!("{} has no page with a button", self.name));
        self.presses(channel, message, &custom_id).await;
    }

    /// Presses a button, also one that is not there any more for anybody else.
    pub async fn presses(&self, channel: ChannelId, message: MessageId, custom_id: &str) {
        let custom_id = custom_id.to_owned();
        self.does(Op::Click { by: self.id, channel, message, custom_id, values: Vec::new() }).unwrap();
        self.w.settle().await;
    }
}

/// Options as Discord sends them: below their subcommand, where there is one.
fn under(sub: Option<&str>, options: Vec<Value>) -> Vec<Value> {
    match sub {
        Some(sub) => vec![json!({ "name": sub, "type": 1, "options": options })],
        None => options,
    }
}
