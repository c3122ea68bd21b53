//! What is done behind the scenes: the bot's process, the clock, the platform's faults, and a form that a report
//! opened.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Player, Stopped};
use crate::rehearsal::platform::{GatewayFault, Op, RestFault, RestRule};
use crate::rehearsal::script::{Act, PlatformFault};

impl Player {
    /// What is not done on the platform.
    pub(super) async fn behind_the_scenes(&mut self, act: &Act) -> Result<(), Stopped> {
        match act {
            Act::Bot { up: true } => {
                self.memory.bot_down = false;
                self.parts.bot.start().await.map_err(Stopped::Bot)?;
            }
            Act::Bot { up: false } => {
                self.memory.bot_down = true;
                self.parts.bot.stop().await;
            }
            Act::Clock { by, back } => {
                let now = self.parts.clock.now();
                self.parts.clock.step_to(if *back { now.minus(*by) } else { now.plus(*by) });
            }
            Act::Fault { fault, calls, on } => self.fault(*fault, *calls, on.as_ref()),
            _ => {}
        }
        Ok(())
    }

    fn fault(&self, fault: PlatformFault, calls: u32, on: Option<&(String, String)>) {
        let platform = &self.parts.platform;
        let rest = match fault {
            PlatformFault::DropSocket => {
                return platform.fail_gateway(&GatewayFault::Drop { shard: None, code: None });
            }
            PlatformFault::Duplicate => {
                return platform.fail_gateway(&GatewayFault::Duplicate { shard: 0, times: calls });
            }
            PlatformFault::TooMany => RestFault::RateLimited { retry_after: 2.0, global: false },
            PlatformFault::Status(status) => RestFault::Status(status),
            PlatformFault::Forbidden => RestFault::Forbidden,
        };
        let (method, route) = match on {
            Some((method, route)) => (Some(method.clone()), route.clone()),
            None => (None, "/**".to_owned()),
        };
        platform.fail_calls(RestRule { method, route, times: calls, fault: rest });
    }

    /// A report that opened a form is sent with its words.
    pub(super) async fn send_form(&mut self, line: usize, act: &Act) -> Result<(), Stopped> {
        let Act::Report { who, words, .. } = act else { return Ok(()) };
        let by = self.parts.stage.person(who);
        let forms = self.parts.platform.view(by).forms;
        for form in forms {
            let mut fields = BTreeMap::new();
            fields_of(&form.modal, words.as_deref().unwrap_or("see the message"), &mut fields);
            let sent = Op::SubmitModal { by, interaction: form.interaction, fields };
            if let Err(refused) = self.parts.platform.perform(sent) {
                self.unmet(line, "the report's form to be taken", &refused.to_string())?;
            }
        }
        self.settle().await
    }
}

/// Every text field of a form, filled with the same words.
fn fields_of(modal: &Value, words: &str, fields: &mut BTreeMap<String, String>) {
    if modal["type"] == 4
        && let Some(id) = modal["custom_id"].as_str()
    {
        fields.insert(id.to_owned(), words.to_owned());
    }
    for inner in modal["components"].as_array().into_iter().flatten().chain(Some(&modal["component"])) {
        if inner.is_object() {
            fields_of(inner, words, fields);
        }
    }
}
