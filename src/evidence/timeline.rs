//! `timeline.html`: one self-contained page, no scripts, nothing loaded from anywhere. Words are blurred until
//! somebody clicks them, and print in full.

use super::casefile::{CaseSummary, ChronologyLine};
use super::readable::{Message, Opened};
use crate::domain::Timestamp;
use std::fmt::Write as _;

const HEAD: &str = r#"<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">
<style>
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#111;background:#fff}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;vertical-align:top;padding:.4rem .6rem;border-bottom:1px solid #bbb;overflow-wrap:anywhere}
td:first-child{white-space:nowrap;font-variant-numeric:tabular-nums}
.act{background:#f2f2f2}
.peek{position:absolute;opacity:0}
.words{filter:blur(.4em);cursor:pointer;white-space:pre-wrap;user-select:none}
.peek:focus-visible+.words{outline:2px solid #06c}
.peek:checked+.words{filter:none;user-select:auto}
.withheld{border:1px solid #900;padding:.1rem .4rem;color:#900}
@media print{.words{filter:none}body{margin:0;max-width:none;font-size:10pt}tr{break-inside:avoid}thead{display:table-header-group}.screen{display:none}}
</style>
"#;

struct Row {
    at: Timestamp,
    /// Acts stand before messages of the same moment: what was known explains what follows.
    cells: String,
}

/// The page. Everything that people wrote is escaped and isolated from the direction of the text around it.
pub(super) fn html(
    case: &CaseSummary,
    chronology: &[ChronologyLine],
    opened: &[Opened],
    messages: &[Message],
) -> String {
    let mut rows: Vec<Row> =
        chronology.iter().map(act).chain(messages.iter().map(|message| said(message, opened))).collect();
    rows.sort_by_key(|row| row.at);
    let title = format!("Case {}", escape(&case.reference));
    let mut page = format!(
        "{HEAD}<title>{title}</title></head><body><h1>{title}</h1>\n\
         <p>Level {}, {}. Opened {}, exported {} by {}. All times are UTC.</p>\n\
         <p><strong>Holds the words of young people: keep it as such.</strong> \
         <span class=\"screen\">Words are blurred; click or press space on them to read.</span> \
         Images and files were never copied.</p>\n\
         <table><thead><tr><th>Time</th><th>Who</th><th>What</th><th>Exhibit</th></tr></thead><tbody>\n",
        case.level,
        escape(&case.category),
        case.opened_at,
        case.exported_at,
        escape(&case.software),
    );
    for row in &rows {
        page.push_str(&row.cells);
    }
    page.push_str("</tbody></table></body></html>\n");
    page
}

fn act(line: &ChronologyLine) -> Row {
    let cells = format!(
        "<tr class=\"act\"><td>{}</td><td></td><td>{}</td><td>{}</td></tr>\n",
        line.at,
        escape(&line.words),
        escape(&line.exhibits.join(", "))
    );
    Row { at: line.at, cells }
}

fn said(message: &Message, opened: &[Opened]) -> Row {
    let logged = || opened.iter().find(|one| one.label == message.exhibit).map(|one| one.at);
    let at = Timestamp::parse_rfc3339(&message.timestamp).ok().or_else(logged).unwrap_or_default();
    let mut what = format!(
        "<label><input type=\"checkbox\" class=\"peek\"><span class=\"words\"><bdi>{}</bdi></span></label>",
        escape(&message.content)
    );
    if let Some(edited) = &message.edited {
        let _ = write!(what, "<br>edited {}", escape(edited));
    }
    for file in &message.withheld {
        let size = file.size.map(|size| format!(", {size} bytes")).unwrap_or_default();
        let _ = write!(
            what,
            "<br><span class=\"withheld\">withheld: {}{size}, attachment {}. Do not open; see WITHHELD.txt</span>",
            escape(&file.media_type),
            escape(&file.id)
        );
    }
    let cells = format!(
        "<tr><td>{at}</td><td><bdi>{}</bdi><br><small>{}</small></td><td>{what}</td><td>{}<br><small>{}</small></td></tr>\n",
        escape(&message.name),
        escape(&message.author),
        escape(&message.exhibit),
        escape(&message.kind)
    );
    Row { at, cells }
}

/// Fit for HTML text and attributes; control characters (line breaks aside) show as the replacement character.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' => out.push('\n'),
            c if c.is_control() => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_wrote_never_becomes_markup() {
        assert_eq!(
            escape("<img src=x onerror='a'>&\"\u{1b}[2J"),
            "&lt;img src=x onerror=&#39;a&#39;&gt;&amp;&quot;\u{fffd}[2J"
        );
    }
}
