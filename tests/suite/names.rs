//! A name of Django REST framework's leads to what stands for it: as a path, or as a search alias of
//! the documentation.

use std::fs;
use std::path::{Path, PathBuf};

/// The modules of `rest_framework`.
const MODULES: [&str; 27] = [
    "authentication",
    "decorators",
    "exceptions",
    "fields",
    "filters",
    "generics",
    "metadata",
    "mixins",
    "negotiation",
    "pagination",
    "parsers",
    "permissions",
    "relations",
    "renderers",
    "request",
    "response",
    "reverse",
    "routers",
    "schemas",
    "serializers",
    "settings",
    "status",
    "test",
    "throttling",
    "validators",
    "versioning",
    "views",
];

/// Classes and functions that a program names.
const NAMES: [&str; 62] = [
    "APIView",
    "api_view",
    "GenericAPIView",
    "ListCreateAPIView",
    "RetrieveUpdateDestroyAPIView",
    "ModelViewSet",
    "ReadOnlyModelViewSet",
    "get_object_or_404",
    "action",
    "Request",
    "Response",
    "QueryDict",
    "Serializer",
    "ModelSerializer",
    "HyperlinkedModelSerializer",
    "ListSerializer",
    "SerializerMethodField",
    "HiddenField",
    "ReadOnlyField",
    "CharField",
    "EmailField",
    "SlugField",
    "URLField",
    "UUIDField",
    "IntegerField",
    "FloatField",
    "DecimalField",
    "BooleanField",
    "DateTimeField",
    "DateField",
    "TimeField",
    "DurationField",
    "ChoiceField",
    "MultipleChoiceField",
    "ListField",
    "DictField",
    "JSONField",
    "CurrentUserDefault",
    "PrimaryKeyRelatedField",
    "SlugRelatedField",
    "StringRelatedField",
    "HyperlinkedRelatedField",
    "HyperlinkedIdentityField",
    "ManyRelatedField",
    "UniqueValidator",
    "UniqueTogetherValidator",
    "SimpleMetadata",
    "BaseMetadata",
    "BasePermission",
    "IsAuthenticated",
    "BaseAuthentication",
    "TokenAuthentication",
    "BaseThrottle",
    "UserRateThrottle",
    "BaseFilterBackend",
    "SearchFilter",
    "PageNumberPagination",
    "DefaultRouter",
    "JSONParser",
    "JSONRenderer",
    "APIException",
    "APIClient",
];

fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../framework/src")
}

/// All that the framework declares.
fn text(folder: &Path, all: &mut String) {
    for entry in fs::read_dir(folder).expect("the folder is there").flatten() {
        let path = entry.path();
        if path.is_dir() {
            text(&path, all);
        } else if path.extension().is_some_and(|end| end == "rs") {
            all.push_str(&fs::read_to_string(&path).expect("the file is there"));
        }
    }
}

#[test]
fn every_name_of_drf_is_a_path_or_an_alias() {
    let mut all = String::new();
    text(&sources(), &mut all);
    let all = all.split_whitespace().collect::<Vec<_>>().join(" ");
    let contents = fs::read_to_string(sources().join("lib.rs")).expect("the table of contents");
    let has_alias = |name: &str| {
        all.contains(&format!("#[doc(alias = \"{name}\")]"))
        // those of a macro's rows
        || all.contains(&format!(", \"{name}\" => "))
    };
    let is_room = |name: &str| {
        let room = contents.contains(&format!("\npub mod {name};"));
        room || contents
            .lines()
            .any(|line| line.starts_with("pub use ") && line.ends_with(&format!("::{name};")))
    };
    let is_declared = |name: &str| {
        let kinds = ["struct", "trait", "enum", "type", "fn"];
        kinds.iter().any(|kind| {
            let declared = format!("pub {kind} {name}");
            all.match_indices(declared.as_str()).any(|(at, _)| {
                let rest = &all[at + declared.len()..];
                !rest.starts_with(|next: char| next.is_alphanumeric() || next == '_')
            })
        }) || all.contains(&format!(" {name} => "))
    };
    let missing = MODULES.iter().filter(|name| !is_room(name) && !has_alias(name));
    let unknown = NAMES.iter().filter(|name| !is_declared(name) && !has_alias(name));
    let missing: Vec<_> = missing.chain(unknown).collect();
    assert!(missing.is_empty(), "neither a path nor an alias: {missing:?}");
}
