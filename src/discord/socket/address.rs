//! Which addresses the token may be shown to.

/// A websocket address, taken apart just as far as the question of trust needs.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Address {
    tls: bool,
    host: String,
    port: u16,
}

impl Address {
    /// Reads `ws(s)://` and `http(s)://` addresses. User names, and anything that makes the host doubtful, are refused.
    fn read(url: &str) -> Option<Address> {
        let (scheme, rest) = url.split_once("://")?;
        let tls = match scheme {
            "wss" | "https" => true,
            "ws" | "http" => false,
            _ => return None,
        };
        let authority = rest.split(['/', '?', '#']).next()?;
        if authority.contains(['@', '\\', '%']) || !url.bytes().all(|b| b.is_ascii_graphic()) {
            return None;
        }
        let (host, port) = match authority.rsplit_once(':') {
            // The last colon of a bare IPv6 address is not before a port.
            Some((host, port)) if !port.ends_with(']') => (host, port.parse().ok()?),
            _ => (authority, if tls { 443 } else { 80 }),
        };
        let plausible = |b: u8| b.is_ascii_alphanumeric() || b"-._[]:".contains(&b);
        if host.is_empty() || !host.bytes().all(plausible) {
            return None;
        }
        Some(Address { tls, host: host.to_ascii_lowercase(), port })
    }

    fn base(&self) -> String {
        format!("{}://{}:{}", if self.tls { "wss" } else { "ws" }, self.host, self.port)
    }
}

/// The addresses that the configuration trusts with the token.
#[derive(Clone, Debug)]
pub(super) struct Trusted {
    api: Address,
    gateway: Option<(Address, String)>,
    official: bool,
}

impl Trusted {
    pub(super) fn new(api_url: &str, gateway_url: Option<&str>) -> Option<Self> {
        let api = Address::read(api_url)?;
        let gateway = match gateway_url {
            None => None,
            Some(url) => Some((Address::read(url)?, tidy(url))),
        };
        let official = api.tls && api.host == "discord.com" && api.port == 443;
        Some(Trusted { api, gateway, official })
    }

    /// Whether the token may be sent to this websocket address: the configured host and port, no less encrypted than
    /// configured, or Discord's own gateways where Discord's own API is configured.
    pub(super) fn allows(&self, url: &str) -> bool {
        let Some(address) = Address::read(url) else { return false };
        if !url.starts_with("ws") {
            return false;
        }
        let same = |trusted: &Address| {
            trusted.host == address.host && trusted.port == address.port && (address.tls || !trusted.tls)
        };
        same(&self.api)
            || self.gateway.as_ref().is_some_and(|(gateway, _)| same(gateway))
            || (self.official && address.tls && address.port == 443 && address.host.ends_with(".discord.gg"))
    }

    /// Where to connect: what the configuration says, else what the server says if that may be used, else what follows
    /// from the API's address.
    pub(super) fn base(&self, server_says: Option<&str>) -> String {
        if let Some((_, url)) = &self.gateway {
            return url.clone();
        }
        match server_says.map(tidy) {
            Some(url) if self.allows(&url) => url,
            _ if self.official => "wss://gateway.discord.gg".to_owned(),
            _ => self.api.base(),
        }
    }

    pub(super) fn has_gateway(&self) -> bool {
        self.gateway.is_some()
    }
}

/// Without a query or a closing slash: `/?v=10…` is put behind it.
fn tidy(url: &str) -> String {
    let url = url.split(['?', '#']).next().unwrap_or(url);
    let url = url.trim_end_matches('/');
    url.strip_prefix("http").map_or_else(|| url.to_owned(), |rest| format!("ws{rest}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_configured_host_is_trusted() {
        let own = Trusted::new("http://127.0.0.1:4000", None).unwrap();
        let table = [
            ("ws://127.0.0.1:4000", true),
            ("ws://127.0.0.1:4000/gateway", true),
            ("wss://127.0.0.1:4000", true),
            ("ws://127.0.0.1:4001", false),
            ("ws://localhost:4000", false),
            ("wss://gateway.discord.gg", false),
            ("ws://127.0.0.1:4000@evil.example", false),
            ("ws://evil.example/127.0.0.1:4000", false),
            ("ws://127.0.0.1:4000.evil.example", false),
            ("http://127.0.0.1:4000", false),
            ("not an address", false),
            ("", false),
        ];
        for (url, allowed) in table {
            assert_eq!(own.allows(url), allowed, "{url}");
        }
    }

    #[test]
    fn discords_gateways_are_trusted_only_beside_discords_api() {
        let official = Trusted::new("https://discord.com", None).unwrap();
        assert!(official.allows("wss://gateway-us-east1-b.discord.gg"));
        assert!(!official.allows("ws://gateway-us-east1-b.discord.gg"));
        assert!(!official.allows("wss://gateway.discord.gg.evil.example"));
        assert!(!official.allows("wss://evildiscord.gg"));
        assert!(
            !Trusted::new("https://discord.com.evil.example", None)
                .unwrap()
                .allows("wss://gateway.discord.gg")
        );
    }

    #[test]
    fn a_server_cannot_send_the_bot_elsewhere() {
        let own = Trusted::new("http://127.0.0.1:4000/", None).unwrap();
        assert_eq!(own.base(Some("ws://127.0.0.1:4000/gateway/")), "ws://127.0.0.1:4000/gateway");
        assert_eq!(own.base(Some("wss://evil.example")), "ws://127.0.0.1:4000");
        assert_eq!(own.base(None), "ws://127.0.0.1:4000");
        let official = Trusted::new("https://discord.com", None).unwrap();
        assert_eq!(official.base(Some("wss://evil.example")), "wss://gateway.discord.gg");
        let named = Trusted::new("https://chat.example.org", Some("wss://gw.example.org/")).unwrap();
        assert_eq!(named.base(Some("wss://evil.example")), "wss://gw.example.org");
        assert!(named.allows("wss://gw.example.org"));
    }

    #[test]
    fn encryption_is_never_taken_back() {
        let tls = Trusted::new("https://chat.example.org:8443", None).unwrap();
        assert!(tls.allows("wss://chat.example.org:8443"));
        assert!(!tls.allows("ws://chat.example.org:8443"));
    }
}
