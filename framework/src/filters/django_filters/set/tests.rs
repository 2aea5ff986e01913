use actix_web::http::Method as Verb;

use super::*;
use crate::filters::django_filters::*;
use crate::filters::testing::{Note, Tag, column, order};
use crate::filters::{
    OrderingField, OrderingFields, SearchFields, filter_fields, order_by, ordering_fields,
    search_fields,
};

use crate::request::ViewContext;
use crate::request::testing::context;

const TIERS: [(&str, &str); 2] = [("low", "Low"), ("high", "High")];

#[derive(crate::filters::FilterSet)]
#[filter_set(model = Note, fields(name, owner(exact, isnull), size(gte, in), created(year__gte)))]
#[allow(non_snake_case, dead_code)]
struct NoteFilter {
    #[filter(field = id, lookup = in)]
    id__in: BaseInFilter<NumberFilter>,
    #[filter(name = "by", field = owner__username, lookup = iexact)]
    owner_name: CharFilter,
    tags: ModelMultipleChoiceFilter<Tag>,
    #[filter(field = tags)]
    has_tag: ModelChoiceFilter<Tag>,
    #[filter(field = size)]
    between: RangeFilter,
    #[filter(choices = TIERS, method = filter_tier)]
    tier: ChoiceFilter,
    #[filter(field = grade, choices = TIERS, null_label = "None")]
    grades: MultipleChoiceFilter,
    #[filter(field = name, exclude)]
    not: CharFilter,
    #[filter(ordering(name, created = made))]
    sort: OrderingFilter,
}

impl NoteFilter {
    fn filter_tier(rows: QuerySet<Note>, name: &str, value: String) -> QuerySet<Note> {
        assert_eq!(name, "tier");
        rows.filter_by(Note::fields().name().exact(value))
    }
}

fn parse(query: &str) -> Result<Filtered<Note>, Detail> {
    NoteFilter::spec().parse(&Request::new(Verb::GET, format!("/a/?{query}")))
}

/// A request of nobody's.
fn anybody() -> Context {
    context(Verb::GET, None, ViewContext::default())
}

fn spelled(filtered: Filtered<Note>) -> String {
    let conditions = filtered.apply(QuerySet::new(), &anybody()).conditions;
    let conditions: Vec<_> = conditions.iter().map(Predicate::spelled).collect();
    format!("[{}]", conditions.join(", "))
}

fn conditions(query: &str) -> String {
    let filtered = parse(query).unwrap().finish(&|_, _| true).unwrap();
    spelled(filtered)
}

fn errors(query: &str, exists: &dyn Fn(&Value) -> bool) -> String {
    let detail = match parse(query) {
        Ok(filtered) => filtered.finish(&|_, key| exists(key)).unwrap_err(),
        Err(detail) => detail,
    };
    detail.to_json().to_string()
}

#[test]
fn generated_filters_come_first_and_declared_ones_follow() {
    let names: Vec<String> = NoteFilter::spec()
        .query_parameters()
        .into_iter()
        .map(|parameter| parameter.name.into_owned())
        .collect();
    assert_eq!(
        names,
        [
            "name",
            "owner",
            "owner__isnull",
            "size__gte",
            "size__in",
            "created__year__gte",
            "id__in",
            "by",
            "tags",
            "has_tag",
            "between_min",
            "between_max",
            "tier",
            "grades",
            "not",
            "sort"
        ]
    );
}

#[test]
fn parameters_become_conditions() {
    for (query, expected) in [
        ("", "[]"),
        ("unknown=1", "[]"),
        ("name=a", "[name__Exact(One(Text(\"a\")))]"),
        ("owner=5", "[owner__Exact(One(Int(5)))]"),
        ("owner__isnull=true", "[owner__IsNull(One(Bool(true)))]"),
        ("owner__isnull=maybe", "[]"),
        (
            "size__gte=1.5&size__in=1,,2",
            "[size__Gte(One(Int(1))), size__In(Many([Int(1), Int(2)]))]",
        ),
        ("size__in=,", "[Any([])]"),
        ("created__year__gte=2023", "[created__Part(Year, Gte)(One(Int(2023)))]"),
        ("id__in=5,3", "[id__In(Many([Int(5), Int(3)]))]"),
        ("by=Ann", "[owner__username__IExact(One(Text(\"Ann\")))]"),
        ("tags=1&tags=2", "[tags__id__In(Many([Int(1), Int(2)]))]"),
        ("has_tag=1", "[tags__id__Exact(One(Int(1)))]"),
        ("between_min=1&between_max=9", "[size__Range(Range(Int(1), Int(9)))]"),
        ("between_max=9", "[size__Lte(One(Int(9)))]"),
        ("tier=low", "[name__Exact(One(Text(\"low\")))]"),
        (
            "grades=low&grades=null",
            "[Any([grade__In(Many([Text(\"low\")])), grade__IsNull(One(Bool(true)))])]",
        ),
        ("not=a", "[Not(name__Exact(One(Text(\"a\"))))]"),
    ] {
        assert_eq!(conditions(query), expected, "{query}");
    }
}

#[test]
fn an_ordering_filter_orders() {
    let filtered = parse("sort=-made,name").unwrap();
    let order = filtered.apply(QuerySet::new(), &anybody()).order.unwrap();
    let terms: Vec<(String, bool)> =
        order.iter().map(|term| (term.path.name(), term.descending)).collect();
    assert_eq!(terms, [("created".to_owned(), true), ("name".to_owned(), false)]);
    let repeated = parse(&format!("sort={}-name,-made", "name,".repeat(5_000))).unwrap();
    let order = repeated.apply(QuerySet::new(), &anybody()).order.unwrap();
    let terms: Vec<_> = order.iter().map(|term| term.path.name()).collect();
    assert_eq!(terms, ["name", "created"]);
}

#[test]
fn several_errors_come_in_declaration_order() {
    assert_eq!(
        errors("tier=gold&size__gte=abc&owner=99&tags=7&tags=8", &|key| *key == Value::Int(7)),
        "{\"owner\":[\"Select a valid choice. That choice is not one of the available choices.\"],\
         \"size__gte\":[\"Enter a number.\"],\
         \"tags\":[\"Select a valid choice. 8 is not one of the available choices.\"],\
         \"tier\":[\"Select a valid choice. gold is not one of the available choices.\"]}"
    );
    assert_eq!(errors("between_min=x", &|_| true), "{\"between\":[\"Enter a number.\"]}");
}

#[test]
fn keys_are_looked_up_once_each() {
    let filtered = parse("owner=5&tags=1&tags=2&tags=1").unwrap();
    let checks: Vec<_> =
        filtered.lookups().iter().map(|c| (c.model.name, c.keys.len(), c.implied)).collect();
    assert_eq!(checks, [("User", 1, true), ("Tag", 2, false)]);
    assert!(!filtered.may_look_up_later());
    assert!(parse("owner=5&name=a").unwrap().may_look_up_later());
    assert!(!parse("owner=5&size__gte=x").unwrap().may_look_up_later());
}

#[test]
fn conjoined_choices_must_all_hold() {
    let spec = FilterSpec::<Note>::new()
        .declare(Filter::new::<ModelMultipleChoiceFilter<Tag>>("t", column("tags")).conjoined());
    let request = Request::new(Verb::GET, "/a/?t=1&t=2");
    let filtered = spec.parse(&request).unwrap().finish(&|_, _| true).unwrap();
    assert_eq!(
        spelled(filtered),
        "[All([tags__id__Exact(One(Int(1))), tags__id__Exact(One(Int(2)))])]"
    );
}

#[test]
fn conditions_of_one_filter_are_bounded_and_lists_are_not() {
    let conjoined = || Filter::new::<ModelMultipleChoiceFilter<Tag>>("t", column("tags"));
    let spec = |filter| FilterSpec::<Note>::new().declare(filter);
    let query = |count: usize| {
        let values = (1..=count).map(|key| format!("t={key}&t={key}"));
        Request::new(Verb::GET, format!("/a/?{}", values.collect::<Vec<_>>().join("&")))
    };
    let strict = spec(conjoined().conjoined());
    let filtered = strict.parse(&query(100)).unwrap().finish(&|_, _| true).unwrap();
    assert_eq!(format!("{filtered:?}").matches("Exact").count(), 100);
    assert_eq!(
        strict.parse(&query(101)).unwrap_err().to_json(),
        serde_json::json!({"t": ["Ensure this field has no more than 100 elements."]})
    );
    let any = spec(conjoined()).parse(&query(5_000)).unwrap();
    assert_eq!(any.lookups()[0].keys.len(), 5_000);
}

#[test]
fn a_choice_that_is_sent_again_counts_once() {
    let spec = FilterSpec::<Note>::new().declare(
        Filter::new::<MultipleChoiceFilter>("g", column("grade"))
            .choices(TIERS)
            .lookup(Lookup::StartsWith),
    );
    let repeated = format!("/a/?{}", "g=low&g=high&".repeat(400));
    let filtered = spec.parse(&Request::new(Verb::GET, repeated)).unwrap();
    assert_eq!(
        spelled(filtered),
        "[Any([grade__StartsWith(One(Text(\"low\"))), grade__StartsWith(One(Text(\"high\")))])]"
    );
}

#[test]
fn half_a_million_keys_take_no_quadratic_time() {
    let keys: Vec<String> = (1..=500_000).map(|key| key.to_string()).collect();
    let spec = FilterSpec::<Note>::new()
        .declare(Filter::new::<BaseInFilter<ModelChoiceFilter<Tag>>>("t", column("tags")));
    let request = Request::new(Verb::GET, format!("/a/?t={}", keys.join(",")));
    let filtered = spec.parse(&request).unwrap();
    assert_eq!(filtered.lookups()[0].keys.len(), 500_000);
    let texts: Vec<String> = keys.iter().map(|key| format!("t={key}")).collect();
    let spec = FilterSpec::<Note>::new()
        .declare(Filter::new::<ModelMultipleChoiceFilter<Tag>>("t", column("tags")));
    let request = Request::new(Verb::GET, format!("/a/?{}", texts.join("&")));
    assert_eq!(spec.parse(&request).unwrap().lookups()[0].keys.len(), 500_000);
}

#[test]
fn a_declared_filter_takes_the_place_of_a_generated_one() {
    let spec = FilterSpec::<Note>::new()
        .field("owner", column("owner"), [Lookup::In])
        .field("name", column("name"), [Lookup::Exact])
        .declare(Filter::new::<BaseInFilter<NumberFilter>>("owner__in", column("owner")));
    let request = Request::new(Verb::GET, "/a/?owner__in=x");
    let detail = spec.parse(&request).unwrap_err();
    assert_eq!(detail.to_json(), serde_json::json!({"owner__in": ["Enter a number."]}));
    assert_eq!(spec.query_parameters()[0].name, "owner__in");
}

#[test]
fn lists_in_place_are_described_by_names() {
    let spec: Filters<Note> =
        filter_fields![name, owner(exact, isnull), grade, tags, owner__username(in)];
    let spec = spec.get().unwrap();
    let names: Vec<_> = spec.query_parameters().into_iter().map(|p| p.name).collect();
    assert_eq!(names, ["name", "owner", "owner__isnull", "grade", "tags", "owner__username__in"]);
    let request = Request::new(Verb::GET, "/a/?grade=z");
    assert!(spec.parse(&request).is_err());

    let fields: SearchFields<Note> =
        search_fields![^name, =owner__username, $grade, grade, name__endswith];
    assert_eq!(
        format!("{:?}", fields.get().unwrap()),
        "[SearchField(\"name\", IStartsWith), SearchField(\"owner__username\", IExact), \
         SearchField(\"grade\", IRegex), SearchField(\"grade\", IContains), \
         SearchField(\"name\", EndsWith)]"
    );

    let fields: OrderingFields<Note> = ordering_fields![id, owner__username];
    let fields = fields.get().unwrap();
    let names: Vec<_> = fields.iter().map(OrderingField::name).collect();
    assert_eq!(names, ["id", "owner__username"]);
    let fields: OrderingFields<Note> = ordering_fields![__all__, tag_count];
    assert_eq!(fields.get().unwrap().len(), Note::META.columns.len() + 1);

    let terms: crate::db::Ordering<Note> = order_by![-created, id];
    let terms = terms.get().unwrap();
    assert_eq!(format!("{terms:?}"), format!("{:?}", [order("-created"), order("id")]));
}

#[test]
fn no_filter_set_reads_nothing() {
    let request = Request::new(Verb::GET, "/a/?name=%00");
    assert!(FilterSpec::<Note>::new().parse(&request).is_ok());
}
