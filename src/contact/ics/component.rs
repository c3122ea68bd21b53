//! The lines of a calendar file: unfolded, split into properties, gathered into components, each with its line.

use super::Problem;

/// A property: `NAME;PARAM=value:value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Property {
    pub(super) line: usize,
    pub(super) name: String,
    params: Vec<(String, String)>,
    pub(super) value: String,
}

impl Property {
    /// The value of a parameter.
    pub(super) fn param(&self, name: &str) -> Option<&str> {
        self.params.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The value as text, its escapes undone.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        let mut chars = self.value.chars();
        while let Some(c) = chars.next() {
            match c {
                '\\' => match chars.next() {
                    Some('n' | 'N') => text.push(' '),
                    Some(other) => text.push(other),
                    None => {}
                },
                c => text.push(c),
            }
        }
        text.trim().to_owned()
    }

    fn read(line: usize, text: &str) -> Option<Property> {
        let mut quoted = false;
        let colon = text.char_indices().find_map(|(at, c)| {
            quoted ^= c == '"';
            (c == ':' && !quoted).then_some(at)
        })?;
        let mut parts = Vec::new();
        let mut part = String::new();
        for c in text[..colon].chars() {
            quoted ^= c == '"';
            match c {
                ';' if !quoted => parts.push(std::mem::take(&mut part)),
                '"' => {}
                c => part.push(c),
            }
        }
        parts.push(part);
        let mut parts = parts.into_iter();
        let name = parts.next()?.trim().to_ascii_uppercase();
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
            return None;
        }
        let params = parts.filter_map(|part| {
            let (name, value) = part.split_once('=')?;
            Some((name.trim().to_ascii_uppercase(), value.trim().to_owned()))
        });
        Some(Property { line, name, params: params.collect(), value: text[colon + 1..].trim().to_owned() })
    }
}

/// A component with its own properties; those of components inside it are left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Component {
    pub(super) line: usize,
    pub(super) name: String,
    properties: Vec<Property>,
}

impl Component {
    /// The first property of a name.
    pub(super) fn get(&self, name: &str) -> Option<&Property> {
        self.all(name).next()
    }

    /// Every property of a name.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &Property> {
        self.properties.iter().filter(move |property| property.name == name)
    }
}

/// Every component of a file in the order of their ends, and what is not a calendar's.
pub(super) fn components(text: &str) -> (Vec<Component>, Vec<Problem>) {
    let mut open: Vec<Component> = Vec::new();
    let mut closed = Vec::new();
    let mut problems = Vec::new();
    for (line, text) in unfolded(text) {
        let Some(property) = Property::read(line, &text) else {
            let fix = "every line is NAME:value; export the calendar again as iCalendar (.ics)";
            problems.push(Problem::new(line, "this is no line of a calendar file", fix));
            if open.is_empty() {
                // Not a calendar at all: one line says so.
                break;
            }
            continue;
        };
        match property.name.as_str() {
            "BEGIN" => {
                let name = property.value.to_ascii_uppercase();
                open.push(Component { line, name, properties: Vec::new() });
            }
            "END" => {
                let name = property.value.to_ascii_uppercase();
                match open.pop_if(|component| component.name == name) {
                    Some(component) => closed.push(component),
                    None => problems.push(Problem::new(
                        line,
                        format!("END:{name} ends nothing that is open here"),
                        "the file is damaged; export the calendar again",
                    )),
                }
            }
            _ => {
                if let Some(component) = open.last_mut() {
                    component.properties.push(property);
                } else {
                    let fix = "export the calendar again as iCalendar (.ics)";
                    problems.push(Problem::new(line, "the file does not begin with BEGIN:VCALENDAR", fix));
                    break;
                }
            }
        }
    }
    for component in open {
        let what = format!("{} begins here and never ends", component.name);
        problems.push(Problem::new(component.line, what, "the file is cut off; export the calendar again"));
    }
    if closed.is_empty() && problems.is_empty() {
        let fix = "export the calendar again as iCalendar (.ics)";
        problems.push(Problem::new(1, "the file holds no calendar", fix));
    }
    (closed, problems)
}

/// Lines with their continuations joined, each with the number of its first.
fn unfolded(text: &str) -> Vec<(usize, String)> {
    let mut lines: Vec<(usize, String)> = Vec::new();
    for (number, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        match (line.strip_prefix([' ', '\t']), lines.last_mut()) {
            (Some(more), Some((_, before))) => before.push_str(more),
            _ if line.trim().is_empty() => {}
            _ => lines.push((number + 1, line.to_owned())),
        }
    }
    lines
}
