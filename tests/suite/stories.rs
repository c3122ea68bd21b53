//! Stories: what people do in the club, and what others then see. Each ends by asserting silence (see `world`).

mod supervised_contact; // an adult alone with a young person, and what is done about it
