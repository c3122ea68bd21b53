//! The commented configuration that `init` writes.

use super::interview::{Answers, Lead, Mail};
use crate::engine;

/// The configuration of these answers.
#[expect(clippy::too_many_lines, reason = "one text, in the order in which it is read")]
pub(super) fn configuration(answers: &Answers) -> String {
    let Answers { name, zone, guilds, application_id, leads, mail } = answers;
    let guilds: Vec<_> = guilds.iter().map(|id| quoted(id)).collect();
    let application_id = match application_id {
        Some(id) => format!("application_id = {}", quoted(id)),
        None => "# application_id = \"…\"       # developer portal, General Information".to_owned(),
    };
    let people: String = leads.iter().map(person).collect();
    format!(
        r#"# Chaperone's configuration. No secret stands in this file.
# After a change:  chaperone check --config <this file>

[organisation]
name = {name}
zone = {zone}          # late hours are told in this local time

[discord]
token_env = "DISCORD_TOKEN"       # the variable that holds the bot's token; or: token_file = "/path"
{application_id}
guilds = [{guilds}]    # the servers to look after; events of others are not looked at

# Which role makes an account what: the role's name or its id. An account without any of these is a guest: an adult
# for every risk, never a second adult.
[roles]
"Young Person" = "young-person"
"Adult at Risk" = "adult-at-risk"
"Youth Worker" = "youth-worker"
"Staff" = "youth-worker"
"Volunteer" = "volunteer"
"DSL" = "dsl"
"Deputy DSL" = "deputy-dsl"
"Senior Manager" = "senior-manager"
"Chair" = "chair"
"Parent" = "parent"
"Professional" = "professional"

[data]
dir = "data"                      # beside this file; or: database = "postgres://…"

# Who is called, and to whose keys evidence is sealed. Slots: dsl, deputy-dsl, senior-manager, chair, external.
# The discord id is how Chaperone knows that somebody is the subject of a concern, and then never calls them.
{people}
# Called when nobody answers a whole round, or everybody above is a subject:
# [[people]]
# name = "outside"
# slot = "external"
# email = "…"                     # needs [paging.email]

# Level 4 calls the steps one after the other, level 5 calls at_once; both begin again until somebody acknowledges.
[paging]
wait_minutes = 5
repeat_minutes = 15
at_once = ["dsl", "deputy-dsl"]

[[paging.step]]
slots = ["dsl"]

[[paging.step]]
slots = ["deputy-dsl"]

# More that can stand here (chaperone check shows what it comes to):
# [paging.digest]                 # level 3 cases once a day, as counts and references; usually at 17:00 to the dsl
# at = "17:00"
# [paging.drill]                  # a marked page once a week; who does not answer is a concern
# day = "wed"
# at = "11:00"
# [[paging.shift]]                # who is on duty, local time; also [[paging.cover]] and [[paging.absence]]
# slot = "dsl"
# people = ["…"]
# days = ["mon", "tue", "wed", "thu", "fri"]
# from = "09:00"
# until = "17:00"
# [paging.inbound]                # links below pages by which they can be acknowledged without Discord
# listen = "127.0.0.1:8085"
# public_url = "https://pages.example.org"
# [paging.heartbeat]              # called every minute while all is well; whoever listens notices the silence
# url_env = "HEARTBEAT_URL"

# How cases are worked on, and how long things are kept (what stands here is usual):
# [cases]
# incident_form_hours = 24        # the Adverse Incident Form of a serious case; reminded before it lapses; 0: no such form
# review_days = 14                # an open case that nobody touched is asked about
# many_cases = 5                  # opening more than this within ten minutes is a concern, and so is an old case at night
# [retention]                     # observation, operation and custody are read, and nothing ends by them yet
# observation_days = 120          # what no case holds; detection looks back over 90 days
# operation_days = 365            # how the service ran
# young_person_years = 15         # a case, from when it was closed: until a ten-year-old is twenty-five; then a lead is asked
# adult_years = 10                # a case about an adult: ten years, or to retirement (keep it on); then a lead is asked
# custody_years = 7               # who saw, exported and erased what, from when the case was erased

{mail}
[contact]
enrolment = "roles"               # or "required": a worker's role counts only once a lead has used /enrol on that account
# agreed_times = "when-booked"    # or "required" (contact outside a booked session is always a finding), "off"
# dm_pause = "always"             # or "except-sessions", "never"

[policy]
lone_adult_grace_seconds = {grace}     # a private space with one adult and young people for longer: locked, level 4
# operator_channel = "…"          # the Discord channel for notices to whoever runs the bot

# Recent messages of spaces that young people see, sealed to the leads: what was deleted or changed before anything was
# noticed can be read by them for so many days. 0 keeps none; [[evidence.space]] with id and buffer_days is one channel's.
# [evidence]
# buffer_days = 7
# context_before = 50             # messages around a finding that its case takes along
# context_after = 20

# Others outside who attest the evidence log every day, so that nobody, not even whoever runs this, can rewrite it unnoticed:
# a witness on a trustee's machine (chaperone witness --help), and any time-stamping authority (RFC 3161).
# [evidence.witness]
# url = "https://…"
# key = "…"
# [evidence.timestamp]
# url = "https://…"
"#,
        name = quoted(name),
        zone = quoted(zone),
        guilds = guilds.join(", "),
        grace =
            engine::Policy::default().contact.setting(crate::domain::Code::LoneAdultSpace).grace.as_secs(),
        mail = mail_server(mail.as_ref()),
    )
}

fn person(lead: &Lead) -> String {
    let lines = [
        Some("[[people]]".to_owned()),
        Some(format!("name = {}", quoted(&lead.name))),
        Some(format!("slot = \"{}\"", lead.slot)),
        Some(format!("discord = {}", quoted(&lead.discord))),
        lead.email.as_ref().map(|email| format!("email = {}", quoted(email))),
        lead.recipient.as_ref().map(|recipient| format!("recipient = {}", quoted(recipient))),
        Some("\n".to_owned()),
    ];
    lines.into_iter().flatten().collect::<Vec<_>>().join("\n")
}

fn mail_server(mail: Option<&Mail>) -> String {
    let Some(mail) = mail else {
        return "# Pages by e-mail too, so that they do not depend on Discord alone:\n\
                # [paging.email]\n\
                # host = \"mail.example.org\"\n\
                # tls = \"starttls\"              # or \"tls\"; \"plain\" only to this machine\n\
                # from = \"chaperone@example.org\"\n\
                # user = \"chaperone\"\n\
                # password_env = \"SMTP_PASSWORD\"\n"
            .to_owned();
    };
    let login = mail.user.as_ref().map_or_else(String::new, |user| {
        format!("user = {}\npassword_env = \"SMTP_PASSWORD\"\n", quoted(user))
    });
    format!(
        "[paging.email]\nhost = {}\n\
         tls = \"starttls\"                  # or \"tls\"; \"plain\" only to this machine\nfrom = {}\n{login}",
        quoted(&mail.host),
        quoted(&mail.from)
    )
}

/// A TOML basic string.
fn quoted(text: &str) -> String {
    let escaped = |c: char| match c {
        '"' | '\\' => format!("\\{c}"),
        c if c.is_control() => format!("\\u{:04X}", u32::from(c)),
        c => c.to_string(),
    };
    format!("\"{}\"", text.chars().map(escaped).collect::<String>())
}
