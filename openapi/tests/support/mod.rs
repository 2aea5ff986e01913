//! The store that the golden document describes, and a reader of JSON Schema.

pub(crate) mod json_schema;

use quintet_openapi::{
    Api, Body, Component, Envelope, ErrorResponse, FieldSchema, Method, Operation, Parameter,
    Response, SchemaKind, SchemaRef, SecurityScheme,
};

const FORMS: [&str; 3] =
    ["application/json", "application/x-www-form-urlencoded", "multipart/form-data"];

/// A small store with one of everything that a document can hold.
pub(crate) fn store() -> Api {
    let api = Api::new("Music store API", "1.0.0")
        .description("A store over the Chinook data.\n\nPrices are in *euros*: mind the cents.")
        .license("MIT OR Apache-2.0", "MIT OR Apache-2.0")
        .path_prefix("/api/")
        .described_server("/", "This server")
        .tag("tracks", "What is for sale.")
        .security_scheme(SecurityScheme::token("Token"))
        .security_scheme(SecurityScheme::jwt())
        .security_scheme(SecurityScheme::basic())
        .security_scheme(SecurityScheme::session("sessionid"));
    api.components(components()).operations(operations())
}

fn components() -> [Component; 4] {
    let title = SchemaKind::Enum {
        choices: vec![
            ("General Manager".into(), "General manager".into()),
            ("IT Staff".into(), "IT staff".into()),
        ],
        allow_blank: true,
    };
    [
        Component::new("Artist").fields([
            FieldSchema::new("id", SchemaKind::integer()).read_only(true),
            FieldSchema::new("name", SchemaKind::string_up_to(120)).required(true),
        ]),
        Component::new("Track").description("A track of an album.").fields([
            FieldSchema::new("id", SchemaKind::integer()).read_only(true),
            FieldSchema::new("name", SchemaKind::string_up_to(200)).required(true),
            FieldSchema::new("artist", SchemaKind::component("Artist")).read_only(true),
            FieldSchema::new("remix_of", SchemaKind::component("Track")).nullable(true),
            FieldSchema::new("genre", SchemaKind::string()).nullable(true),
            FieldSchema::new(
                "milliseconds",
                SchemaKind::integer_between(Some(1), Some(2_147_483_647)),
            )
            .required(true)
            .help_text("Length in milliseconds."),
            FieldSchema::new("unit_price", SchemaKind::decimal(10, 2)).required(true),
            FieldSchema::new(
                "rating",
                SchemaKind::Number { minimum: Some(0.5), maximum: Some(5.0) },
            )
            .nullable(true),
            FieldSchema::new(
                "formats",
                SchemaKind::array(SchemaKind::choices([("mp3", "MP3"), ("aac", "AAC")])),
            ),
            FieldSchema::new("credits", SchemaKind::array(SchemaKind::component("Artist")))
                .read_only(true),
            FieldSchema::new("extra", SchemaKind::Any),
            FieldSchema::new("labels", SchemaKind::map(SchemaKind::string()))
                .default_value(serde_json::json!({})),
        ]),
        Component::new("Employee").fields([
            FieldSchema::new("url", SchemaKind::format("uri")).read_only(true),
            FieldSchema::new("title", title).nullable(true),
            FieldSchema::new("email", SchemaKind::format("email")).title("Email address"),
            FieldSchema::new("is_staff", SchemaKind::Boolean).default_value(false),
            FieldSchema::new("hired", SchemaKind::format("date")).nullable(true),
            FieldSchema::new("password", SchemaKind::string()).required(true).write_only(true),
        ]),
        Component::new("Play").fields([FieldSchema::new(
            "device",
            SchemaKind::choices([(1, "Phone"), (2, "Radio")]),
        )
        .required(true)
        .help_text("Where it is played.")]),
    ]
}

fn guarded(operation: Operation, anonymous: bool) -> Operation {
    operation
        .security(["tokenAuth", "jwtAuth", "basicAuth", "cookieAuth"])
        .anonymous(anonymous)
        .errors([ErrorResponse::NotAuthenticated, ErrorResponse::PermissionDenied])
        .error(ErrorResponse::Throttled)
}

fn operations() -> Vec<Operation> {
    let track = || SchemaRef::component("Track");
    let one = |method| {
        Operation::new(method, "/api/tracks/{id}/")
            .parameter(Parameter::integer_key("id", "track"))
            .error(ErrorResponse::NotFound)
    };
    let body = || Body::new(track()).media_types(FORMS);
    let list = Operation::new(Method::Get, "/api/tracks/")
        .list(true)
        .description("All tracks.\nSorted by id.")
        .parameters([
            Parameter::page_size("limit"),
            Parameter::offset("offset"),
            Parameter::search("search"),
            Parameter::ordering("ordering"),
            Parameter::query("genre__isnull", SchemaKind::Boolean),
            Parameter::query("id__in", SchemaKind::integer()).comma_separated(),
            Parameter::query("price_tier", SchemaKind::choices([("budget", "Cheap")])).repeated(),
        ])
        .response(
            Response::new(200)
                .schema(SchemaRef::page("Track", Envelope::limit_offset("limit", "offset"))),
        );
    let newest = Operation::new(Method::Get, "/api/tracks/newest/")
        .parameter(Parameter::cursor("cursor"))
        .response(Response::new(200).schema(SchemaRef::page("Track", Envelope::cursor("cursor"))));
    let create = Operation::new(Method::Post, "/api/tracks/")
        .request(body())
        .response(Response::new(201).schema(track()).header(
            "Location",
            SchemaKind::format("uri"),
            "Where the track is.",
        ))
        .errors([ErrorResponse::ValidationError, ErrorResponse::UnsupportedMediaType]);
    let update = |method| {
        one(method)
            .request(body())
            .response(Response::new(200).schema(track()))
            .error(ErrorResponse::ValidationError)
    };
    let play = Operation::new(Method::Post, "/api/tracks/{id}/play/")
        .parameter(Parameter::integer_key("id", "track"))
        .summary("Plays a track")
        .deprecated(true)
        .request(Body::new(SchemaRef::component("Play")))
        .response(
            Response::new(200).schema(SchemaRef::inline(SchemaKind::map(SchemaKind::integer()))),
        );
    vec![
        guarded(list, true),
        guarded(newest, true),
        guarded(create, false),
        guarded(one(Method::Get).response(Response::new(200).schema(track())), true),
        guarded(update(Method::Put), false),
        guarded(update(Method::Patch), false),
        guarded(one(Method::Delete).response(Response::new(204)), false),
        guarded(play, false),
        Operation::new(Method::Get, "/api/artists/by-letter/{letter}/")
            .list(true)
            .response(Response::new(200).schema(SchemaRef::list("Artist"))),
        Operation::new(Method::Get, "/api/employees/{id}/")
            .parameter(Parameter::integer_key("id", "employee"))
            .response(Response::new(200).schema(SchemaRef::component("Employee"))),
        Operation::new(Method::Get, "/api/").response(
            Response::new(200).schema(SchemaRef::inline(SchemaKind::map(SchemaKind::string()))),
        ),
    ]
}
