//! A message for each rule.

use quote::quote;

use super::refused;

/// The mistakes of a model of the app `library` with an `id` and these fields.
macro_rules! mistakes_of {
    ($($fields:tt)*) => {
        refused(quote!(app = "library"), &quote!(pub struct Book { pub id: i64, $($fields)* }))
    };
}

#[test]
fn a_bound_is_a_number_of_its_column() {
    let found = mistakes_of! {
        #[field(min_value = FIRST, max_value = 70_000)]
        pub pages: i16,
        #[field(max_value = 1.5)]
        pub year: i32,
        #[field(max_value = 1e6)]
        pub price: f64,
        #[field(decimal(10, 2), max_value = 1e6)]
        pub tax: Decimal,
        #[field(min_value = 5, max_value = 1)]
        pub shelf: Option<i64>
    };
    assert_eq!(
        found,
        [
            "write the number itself: `1`, `-1.5`, `1_000` or `\"0.99\"`; the macro does not know \
             the value of a constant",
            "a bound of this column is a whole number, -32768 to 32767",
            "a bound of this column is a whole number, -2147483648 to 2147483647",
            "write the number out: `1000000`, `\"0.001\"`",
            "`max_value` is less than `min_value`, 5",
        ]
    );
    let fine = mistakes_of! {
        #[field(max_value = 1_000_000, min_value = -1)]
        pub pages: i32,
        #[field(decimal(10, 2), max_value = "999.99")]
        pub price: Decimal
    };
    assert_eq!(fine, [""; 0]);
}

#[test]
fn words_go_with_the_types_of_their_columns() {
    let found = mistakes_of! {
        #[field(max_length = 3, email)]
        pub pages: i32,
        #[field(regex = *CODE)]
        pub code: Option<i64>,
        #[field(choices = KINDS)]
        pub kind: bool,
        #[field(choices)]
        pub state: String,
        #[field(min_value = 1)]
        pub title: String,
        #[field(positive)]
        pub weight: f64,
        #[field(decimal(10, 2))]
        pub price: f64,
        #[field(auto_now)]
        pub changed: NaiveDate,
        #[field(auto_now_add)]
        pub made: String
    };
    assert_eq!(
        found,
        [
            "`max_length` is for a column of the type `String`",
            "`email` is for a column of the type `String`",
            "`regex` is for a column of the type `String`",
            "`choices` is for a column of the type `String`, `i16`, `i32` or `i64`, or an enum",
            "say which: `choices = TITLES`, or make the column's type an enum with \
             `#[derive(Choices)]`",
            "`min_value` is for a column of the type `i16`, `i32`, `i64`, `f64` or `Decimal`",
            "`positive` is for a column of the type `i16`, `i32` or `i64`",
            "`decimal` is for a column of the type `Decimal`",
            "`auto_now` is for a column of the type `DateTime`",
            "`auto_now_add` is for a column of the type `DateTime`",
        ]
    );
}

#[test]
fn a_decimal_says_how_many_digits_it_has() {
    let found = mistakes_of! {
        pub price: Decimal,
        #[field(decimal(2, 4))]
        pub tax: Decimal
    };
    assert_eq!(
        found,
        [
            "say how many digits: `#[field(decimal(10, 2))]`",
            "of 2 digits in all, 2 at most follow the point",
        ]
    );
}

#[test]
fn words_of_relations_go_with_a_key() {
    let found = mistakes_of! {
        #[field(related_name = books)]
        pub author_id: i64,
        #[field(on_delete = protect)]
        pub shelf_id: i64,
        #[field(foreign_key = Shelf, on_delete = set_null)]
        pub place_id: i64,
        #[field(foreign_key = Shelf, on_delete = forget)]
        pub room_id: Option<i64>,
        #[field(foreign_key = Shelf)]
        pub weight: f64,
        #[field(acyclic, foreign_key = Shelf)]
        pub above_id: Option<i64>
    };
    assert_eq!(
        found,
        [
            "unknown option `forget`; one of `cascade`, `protect`, `restrict`, `set_null`, \
             `set_default`, `do_nothing`",
            "`related_name` goes with `foreign_key = Model`",
            "`on_delete` goes with `foreign_key = Model`",
            "`set_null` needs a column that may be NULL: make it `Option<i64>`",
            "a foreign key has the type of the other model's primary key: `i64`, `i32`, `i16`, \
             `Uuid` or `String`",
            "`acyclic` needs an `Option` field with `foreign_key = Book`: root rows have no parent",
        ]
    );
}

#[test]
fn words_that_contradict_each_other_are_refused() {
    let found = mistakes_of! {
        #[field(auto_now, auto_now_add, default = now())]
        pub changed: DateTime,
        #[field(email, regex = *CODE)]
        pub address: String,
        #[field(unique, max_length = 3, unique)]
        pub title: String
    };
    assert_eq!(
        found,
        [
            "`unique` is said twice: remove one",
            "`auto_now` sets the moment of the insert as well: leave this out",
            "`auto_now` gives the value: leave `default` out",
            "`email` is a pattern by itself: leave `regex` out",
        ]
    );
}

#[test]
fn sets_and_orders_name_fields() {
    let found = refused(
        quote!(
            app = "library",
            ordering(-year, titel, id, year),
            unique_together(shelf, shelf_id, tags, plase)
        ),
        &quote! {
            pub struct Book {
                pub id: i64,
                pub year: i32,
                #[field(foreign_key = Shelf)]
                pub shelf_id: i64,
                pub tags: HashMap<String, String>,
            }
        },
    );
    assert_eq!(
        found,
        [
            "this type cannot be a column; one of `i16`, `i32`, `i64`, `f64`, `bool`, `String`, \
             `Decimal`, `DateTime`, `NaiveDate`, `NaiveTime`, `TimeDelta`, `Uuid`, `Vec<u8>`, \
             `serde_json::Value`, `Json<T>`, an enum with `#[field(choices)]`, on PostgreSQL a \
             `Vec` of one, or an `Option` of one",
            "`Book` has no field `titel`; its fields are `id`, `year`, `shelf`",
            "`year` is named twice",
            "`Book` has no field `plase`; its fields are `id`, `year`, `shelf`",
        ]
    );
}

#[test]
fn every_column_relation_and_annotation_has_a_name_of_its_own() {
    let found = refused(
        quote!(
            app = "library",
            count(title = copies),
            annotations(copies: i64 = |book| Count::of(book.loans())),
            many_to_many(copies: Copy)
        ),
        &quote! {
            pub struct Book {
                pub id: i64,
                pub title: String,
                #[field(column = "title")]
                pub name: String,
                #[field(foreign_key = Author)]
                pub author_id: i64,
                pub author: String,
            }
        },
    );
    assert_eq!(
        found,
        [
            "the column `title` is the field `title` already",
            "`Book` has `author` twice: each column, relation and annotation has a name of its own",
            "`Book` has `title` twice: each column, relation and annotation has a name of its own",
            "`Book` has `copies` twice: each column, relation and annotation has a name of its own",
        ]
    );
}

#[test]
fn a_model_has_one_key() {
    let none = refused(
        quote!(app = "library"),
        &quote!(
            pub struct Book {
                pub title: String,
            }
        ),
    );
    assert_eq!(
        none,
        ["a model needs a primary key: a field `id`, or `#[field(primary_key)]` on one"]
    );
    let two = mistakes_of! {
        #[field(primary_key)]
        pub code: Option<String>,
        #[field(primary_key)]
        pub isbn: String
    };
    assert_eq!(
        two,
        [
            "a model has one primary key: remove the other `primary_key`",
            "a primary key is never NULL: write the type without `Option`",
        ]
    );
}

#[test]
fn options_are_told_with_those_that_there_are() {
    let found = refused(
        quote!(app = "library", orderby(title), display = "{title}", many_to_many(tags: Tag, via = "x")),
        &quote! {
            pub struct Book {
                pub id: i64,
                #[field(maxlength = 200, uniqe, error(taken = "Taken."), unique)]
                pub title: String,
            }
        },
    );
    let starts = [
        "unknown option `orderby`; one of `table`, `app`",
        "unknown option `via`; one of `through`, `source`, `target`, `related_name`",
        "unknown option `maxlength`; did you mean `max_length`? There are `column`",
        "unknown option `uniqe`; did you mean `unique`? There are `column`",
        "unknown option `taken`; one of `unique`, `invalid`, `cycle`",
    ];
    for (start, text) in starts.iter().zip(&found) {
        assert!(text.starts_with(start), "{start}: {found:#?}");
    }
    assert_eq!(found.len(), starts.len(), "{found:#?}");
}

#[test]
fn a_model_is_a_public_struct_with_named_fields_of_a_table() {
    let text = "a model is a struct with named fields";
    for item in [
        quote!(
            pub struct Book(i64);
        ),
        quote!(
            pub struct Book;
        ),
        quote!(
            pub enum Book {
                A,
            }
        ),
    ] {
        assert_eq!(refused(quote!(table = "book"), &item), [text], "{item}");
    }
    assert_eq!(
        refused(
            quote!(),
            &quote!(
                struct Book<T> {
                    id: i64,
                    title: T,
                }
            )
        ),
        [
            "this type cannot be a column; one of `i16`, `i32`, `i64`, `f64`, `bool`, `String`, \
             `Decimal`, `DateTime`, `NaiveDate`, `NaiveTime`, `TimeDelta`, `Uuid`, `Vec<u8>`, \
             `serde_json::Value`, `Json<T>`, an enum with `#[field(choices)]`, on PostgreSQL a \
             `Vec` of one, or an `Option` of one",
            "a model has no generic parameters: its columns have one type each",
            "a model is public, as its table and its columns are: write `pub struct`",
            "say which app it belongs to, `#[model(app = \"store\")]` for the table `store_book`, \
             or which table it is: `#[model(table = \"book\")]`",
        ]
    );
}

#[test]
fn a_model_has_32_columns_at_most() {
    let names = (0..32).map(|number| quote::format_ident!("c{number}"));
    let item = quote!(pub struct Book { pub id: i64, #(pub #names: i64),* });
    assert_eq!(
        refused(quote!(app = "library"), &item),
        ["a model has 32 columns at most, and this one 33"]
    );
}

#[test]
fn words_of_files_go_with_a_folder_and_sides_with_images() {
    let found = mistakes_of! {
        #[field(image)]
        pub cover: String,
        #[field(upload_to = "/back", width_field = width)]
        pub back: String,
        #[field(upload_to = "a/../b", image, width_field = widht, height_field = title)]
        pub label: String,
        #[field(upload_to = 5)]
        pub title: String,
        #[field(upload_to = "numbers")]
        pub width: i32
    };
    assert_eq!(
        found,
        [
            "`image` goes with `upload_to = \"folder\"`, which makes a column of files",
            "a folder of the storage: write it without the slash at its start",
            "only images have sides: say `image` too",
            "a folder of the storage: it has no steps upwards",
            "`Book` has no column `widht`",
            "a number of pixels: make that column `i32` or `i64`",
            "a folder, `\"covers/%Y\"`, or a function that names new files",
            "`upload_to` is for a column of the type `String`",
        ]
    );
    let fine = mistakes_of! {
        #[field(upload_to = cover_name, storage = "covers", image, width_field = width, blank)]
        pub cover: Option<String>,
        pub width: Option<i32>
    };
    assert!(fine.is_empty(), "{fine:?}");
}
