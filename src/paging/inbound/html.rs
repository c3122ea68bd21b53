//! The pages behind a link: plain, without a script, readable on a small screen. They name a case's number, its level,
//! and leads; nobody else.

use std::fmt::Write as _;

use crate::wording;

/// What a person who follows a link sees.
pub(super) enum Shown {
    /// A call that waits for an answer.
    Open { what: String, drill: bool },
    /// It was acknowledged; what can be done now, and to whom it can be handed.
    Yours { what: String, done: Option<String>, colleagues: Vec<String> },
    /// Nothing to do.
    Nothing { why: String },
}

pub(super) fn page(shown: &Shown) -> String {
    let body = match shown {
        Shown::Open { what, drill } => {
            let drill = if *drill { "<p><b>This is a drill. Nothing has happened.</b></p>" } else { "" };
            format!(
                "{drill}<p>{}</p><form method=\"post\"><button name=\"do\" value=\"acknowledge\">{}</button></form>\
                 <p class=\"small\">{}</p>",
                escaped(what),
                escaped(wording::ACKNOWLEDGE),
                escaped(wording::what_acknowledging_means())
            )
        }
        Shown::Yours { what, done, colleagues } => yours(what, done.as_deref(), colleagues),
        Shown::Nothing { why } => format!("<p>{}</p>", escaped(why)),
    };
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\"><title>Safeguarding</title><style>body{{font:1.1rem/1.5 \
         sans-serif;max-width:34rem;margin:2rem auto;padding:0 1rem;color:#111;background:#fff}}button{{font:inherit;\
         padding:.7rem 1.2rem;margin:.2rem 0}}select{{font:inherit;padding:.5rem}}fieldset{{margin:1rem 0}}\
         .small{{font-size:.9rem}}</style></head><body><h1>Safeguarding</h1>{body}<p class=\"small\">{}</p></body></html>",
        escaped(wording::emergency_guidance()).replace('\n', "<br>")
    )
}

fn yours(what: &str, done: Option<&str>, colleagues: &[String]) -> String {
    let mut html = String::new();
    if let Some(done) = done {
        let _ = write!(html, "<p><b>{}</b></p>", escaped(done));
    }
    let _ = write!(
        html,
        "<p>{}</p><form method=\"post\"><button name=\"do\" value=\"record\">I have recorded what I do</button> \
         <button name=\"do\" value=\"resolve\">Resolved: nobody needs to be called again</button></form>",
        escaped(what)
    );
    if !colleagues.is_empty() {
        let options: Vec<String> =
            colleagues.iter().map(|name| format!("<option>{}</option>", escaped(name))).collect();
        let options = options.concat();
        let _ = write!(
            html,
            "<form method=\"post\"><fieldset><legend>Hand over</legend><label>to <select name=\"to\">{options}</select>\
             </label> <button name=\"do\" value=\"hand-over\">Hand over</button></fieldset></form>"
        );
    }
    let _ = write!(
        html,
        "<form method=\"post\"><fieldset><legend>Call again later</legend><label>in <select name=\"minutes\">\
         <option value=\"30\">30 minutes</option><option value=\"60\">1 hour</option><option value=\"240\">4 hours\
         </option><option value=\"1440\">1 day</option></select></label> <label>because <select name=\"reason\">\
         <option value=\"with-the-police\">the police have it</option><option value=\"with-social-care\">social care has \
         it</option><option value=\"waiting-for-somebody\">I wait for somebody</option><option \
         value=\"somebody-is-safe\">everybody is safe for now</option></select></label> <button name=\"do\" \
         value=\"snooze\">Call again later</button></fieldset></form>"
    );
    html
}

pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}
