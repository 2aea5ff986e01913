//! The document as text, in the two languages and four media types of drf-spectacular.

use serde_json::Serializer;
use serde_json::ser::PrettyFormatter;
use utoipa::openapi::OpenApi;

use crate::yaml;

/// One way to send the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SchemaRenderer {
    /// The media type in `Accept`.
    pub media_type: &'static str,
    /// The name in `?format=`.
    pub format: &'static str,
    /// The charset added to the media type in `Content-Type`.
    pub charset: Option<&'static str>,
}

impl SchemaRenderer {
    /// The value of `Content-Type`.
    pub fn content_type(&self) -> &'static str {
        match (self.format, self.media_type) {
            ("yaml", "application/yaml") => "application/yaml; charset=utf-8",
            ("yaml", _) => "application/vnd.oai.openapi; charset=utf-8",
            _ => self.media_type,
        }
    }

    /// Any JSON value as the renderer writes it: the errors of the view that sends the document.
    pub fn write(&self, value: &serde_json::Value) -> String {
        if self.format == "yaml" { yaml::to_string(value) } else { format!("{value:#}") }
    }

    /// The value of `Content-Disposition`, which shows the document under its title.
    pub fn content_disposition(&self, title: &str) -> String {
        let title = if title.is_empty() { "schema" } else { title };
        let safe = |c: char| if matches!(c, ' '..='~') && c != '"' && c != '\\' { c } else { '_' };
        let name: String = title.chars().map(safe).collect();
        format!("inline; filename=\"{name}.{}\"", self.format)
    }
}

/// The ways to send the document, the default first.
pub const SCHEMA_RENDERERS: [SchemaRenderer; 4] = [
    yaml_renderer("application/vnd.oai.openapi"),
    yaml_renderer("application/yaml"),
    json_renderer("application/vnd.oai.openapi+json"),
    json_renderer("application/json"),
];

const fn yaml_renderer(media_type: &'static str) -> SchemaRenderer {
    SchemaRenderer { media_type, format: "yaml", charset: Some("utf-8") }
}

const fn json_renderer(media_type: &'static str) -> SchemaRenderer {
    SchemaRenderer { media_type, format: "json", charset: None }
}

/// A document, serialised once and sent many times.
#[derive(Clone, Debug)]
pub struct RenderedSchema {
    title: String,
    json: String,
    yaml: String,
}

impl RenderedSchema {
    /// Writes a document out.
    ///
    /// # Errors
    ///
    /// If an extension of the document is not JSON.
    pub fn new(document: &OpenApi) -> Result<Self, serde_json::Error> {
        let value = serde_json::to_value(document)?;
        let mut json = Vec::new();
        let formatter = PrettyFormatter::with_indent(b"    ");
        serde::Serialize::serialize(&value, &mut Serializer::with_formatter(&mut json, formatter))?;
        Ok(Self {
            title: document.info.title.clone(),
            json: String::from_utf8(json).map_err(serde::ser::Error::custom)?,
            yaml: yaml::to_string(&value),
        })
    }

    /// The document as JSON, indented by four.
    pub fn json(&self) -> &str {
        &self.json
    }

    /// The document as YAML.
    pub fn yaml(&self) -> &str {
        &self.yaml
    }

    /// The document as a renderer sends it.
    pub fn text(&self, renderer: &SchemaRenderer) -> &str {
        if renderer.format == "yaml" { &self.yaml } else { &self.json }
    }

    /// The value of `Content-Disposition`.
    pub fn content_disposition(&self, renderer: &SchemaRenderer) -> String {
        renderer.content_disposition(&self.title)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Api;

    #[test]
    fn yaml_is_the_default_and_the_first_of_a_format_is_the_vendor_type() {
        let types = SCHEMA_RENDERERS.map(|renderer| renderer.content_type());
        assert_eq!(
            types,
            [
                "application/vnd.oai.openapi; charset=utf-8",
                "application/yaml; charset=utf-8",
                "application/vnd.oai.openapi+json",
                "application/json",
            ]
        );
        for renderer in SCHEMA_RENDERERS {
            let charset = renderer.charset.map(|name| format!("; charset={name}"));
            let content_type = format!("{}{}", renderer.media_type, charset.unwrap_or_default());
            assert_eq!(renderer.content_type(), content_type);
        }
    }

    #[test]
    fn the_file_is_named_for_the_title() {
        let rendered = RenderedSchema::new(&Api::new("Music store API", "1").document()).unwrap();
        assert_eq!(
            rendered.content_disposition(&SCHEMA_RENDERERS[0]),
            "inline; filename=\"Music store API.yaml\""
        );
        assert_eq!(
            SCHEMA_RENDERERS[2].content_disposition("a\"b\r\nü"),
            "inline; filename=\"a_b___.json\""
        );
        assert_eq!(SCHEMA_RENDERERS[2].content_disposition(""), "inline; filename=\"schema.json\"");
    }

    #[test]
    fn both_languages_say_the_same() {
        let rendered = RenderedSchema::new(&Api::new("Store", "1.0").document()).unwrap();
        assert!(
            rendered.text(&SCHEMA_RENDERERS[3]).starts_with("{\n    \"openapi\": \"3.1.0\",\n")
        );
        assert_eq!(
            rendered.text(&SCHEMA_RENDERERS[1]),
            "openapi: '3.1.0'\ninfo:\n  title: Store\n  version: '1.0'\npaths: {}\ncomponents: {}\n"
        );
    }
}
