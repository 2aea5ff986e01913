//! What a program prints when it starts to serve, as `runserver` does.

use std::fmt::Write as _;
use std::io::Write as _;
use std::net::SocketAddr;

use super::Site;
use crate::reverse::Origin;

impl Site {
    /// Prints to standard output what is served where, and how to stop it. A closed output does
    /// not keep the site from serving.
    pub(super) fn announce(&self, addresses: &[SocketAddr]) {
        let mut out = std::io::stdout().lock();
        drop(out.write_all(self.banner(addresses).as_bytes()).and_then(|()| out.flush()));
    }

    fn banner(&self, addresses: &[SocketAddr]) -> String {
        let mut text = format!("Quintet {}\n", env!("CARGO_PKG_VERSION"));
        for address in addresses {
            let _ = writeln!(text, "Serving     http://{address}{}", self.front());
            for (label, path) in self.documents() {
                let _ = writeln!(text, "{label:<11} http://{address}{path}");
            }
        }
        text.push_str("Quit with Control-C.\n");
        text
    }

    /// The path of the root view, where a router has one.
    fn front(&self) -> String {
        self.path_of("api-root")
            .unwrap_or_else(|| format!("{}/", self.settings().force_script_name))
    }

    fn path_of(&self, name: &str) -> Option<String> {
        self.urls().reverse(&Origin::default(), name, &[]).ok()
    }

    /// The paths of the document and of the page that shows it.
    #[cfg(feature = "openapi")]
    fn documents(&self) -> Vec<(&'static str, String)> {
        let names: &[(&str, &str)] = match self.openapi {
            Some(_) => &[("OpenAPI", "schema"), ("Swagger UI", "docs")],
            None => &[],
        };
        names.iter().filter_map(|(label, name)| Some((*label, self.path_of(name)?))).collect()
    }

    #[cfg(not(feature = "openapi"))]
    #[expect(clippy::unused_self, reason = "as with the feature")]
    fn documents(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}
