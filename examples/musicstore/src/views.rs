//! The resources of the store.

use std::collections::{HashMap, HashSet};

use actix_web::http::Method;
use quintet::auth::user;
use quintet::prelude::*;
use serde_json::json;

use crate::filters::*;
use crate::models::*;
use crate::permissions::*;
use crate::serializers::*;

/// Artists with the number of their albums.
pub struct ArtistViewSet;

impl ViewSet for ArtistViewSet {
    type Base = ModelViewSet;
    type Serializer = ArtistSerializer;

    const SEARCH_FIELDS: SearchFields<Artist> = search_fields![name, albums__title];
    const ORDERING_FIELDS: OrderingFields<Artist> = ordering_fields![id, name, album_count];

    fn description(&self) -> &'static str {
        "Artists with the number of their albums."
    }

    fn policies(&self) -> Policies {
        Policies::inherit().permissions(DjangoModelPermissionsOrAnonReadOnly::new())
    }

    fn get_serializer(&self, action: &str) -> &'static Description {
        match action {
            "albums" => AlbumSerializer::description(),
            _ => ArtistSerializer::description(),
        }
    }

    fn actions(&self) -> Vec<Action<Self>> {
        vec![
            Action::detail("albums")
                .description("The albums of one artist, paginated.")
                .get(Self::albums)
                .many(),
            Action::detail("rename")
                .description("Give the artist another name.")
                .post(Self::rename)
                .takes(RenameSerializer::description()),
            Action::list("top")
                .description("The artists with most albums; ``limit`` is 1 to 20, normally 5.")
                .get(Self::top)
                .many()
                .unpaginated(),
            Action::list("by_letter")
                .url_path("by-letter/(?P<letter>[A-Za-z])")
                .description("The artists whose name starts with a letter, without pages.")
                .get(Self::by_letter)
                .many()
                .unpaginated(),
        ]
    }
}

impl ArtistViewSet {
    /// The albums of one artist, paginated.
    async fn albums(&self, cx: &mut Context) -> Result<Response> {
        let artist = cx.object(self.get_queryset(cx)).await?;
        let albums = Album::objects().filter(album::artist_id.eq(artist.id));
        cx.paginate(albums, AlbumSerializer::description()).await
    }

    /// Gives the artist another name.
    async fn rename(&self, cx: &mut Context) -> Result<Response> {
        let artist = cx.object(self.get_queryset(cx)).await?;
        let RenameSerializer { name } = cx.validated().await?;
        let renamed = cx.save(Changes::of(&artist).set(artist::name, name)).await?;
        Response::new(&json!({"id": artist.id, "old_name": artist.name, "name": renamed.name}))
    }

    /// The artists with most albums; `limit` is 1 to 20, normally 5.
    async fn top(&self, cx: &mut Context) -> Result<Response> {
        let refuse = |text: &'static str| ApiException::validation(Detail::field("limit", [text]));
        let limit = cx.request.query_params().get("limit").unwrap_or("5").trim().parse::<i64>();
        let limit = limit.map_err(|_| refuse("A valid integer is required."))?;
        if !(1..=20).contains(&limit) {
            return Err(refuse("Must be between 1 and 20."));
        }
        let artists = Artist::objects().order_by(order_by![-album_count, id]).slice(0, limit);
        cx.respond_all(artists, ArtistSerializer::description()).await
    }

    /// The artists whose name starts with a letter, without pages.
    async fn by_letter(&self, cx: &mut Context) -> Result<Response> {
        let letter = cx.request.kwarg("letter").unwrap_or_default().to_owned();
        let artists = Artist::objects().filter_by(Artist::fields().name().istartswith(letter));
        cx.respond_all(artists, ArtistSerializer::description()).await
    }
}

pub struct AlbumViewSet;

impl ViewSet for AlbumViewSet {
    type Base = ModelViewSet;
    type Serializer = AlbumSerializer;

    const FILTERSET_CLASS: Filters<Album> = Filters::of::<AlbumFilter>();
    const SEARCH_FIELDS: SearchFields<Album> = search_fields![title, =artist__name];
    const ORDERING_FIELDS: OrderingFields<Album> = ordering_fields![__all__, track_count];

    fn get_serializer(&self, action: &str) -> &'static Description {
        match action {
            "retrieve" => AlbumDetailSerializer::description(),
            "depth" => DepthAlbumSerializer::description(),
            _ => AlbumSerializer::description(),
        }
    }

    fn actions(&self) -> Vec<Action<Self>> {
        vec![
            Action::detail("depth")
                .description("The album through a ``depth = 1`` serializer.")
                .get(Self::retrieve),
        ]
    }
}

pub struct TrackViewSet;

impl ViewSet for TrackViewSet {
    type Base = ModelViewSet;
    type Serializer = TrackSerializer;

    const FILTERSET_CLASS: Filters<Track> = Filters::of::<TrackFilter>();
    const SEARCH_FIELDS: SearchFields<Track> = search_fields![^name, composer];
    const ORDERING_FIELDS: OrderingFields<Track> =
        ordering_fields![id, name, milliseconds, unit_price, album__title];

    fn pagination(&self) -> impl Pagination + 'static {
        LimitOffsetPagination::new().default_limit(20).max_limit(200)
    }
}

pub struct GenreViewSet;

impl ViewSet for GenreViewSet {
    type Base = ReadOnlyModelViewSet;
    type Serializer = GenreSerializer;

    const FILTERSET_FIELDS: Filters<Genre> = filter_fields![name];
    const SEARCH_FIELDS: SearchFields<Genre> = search_fields![=name];

    fn policies(&self) -> Policies {
        Policies::inherit().permissions(AllowAny)
    }

    fn pagination(&self) -> impl Pagination + 'static {
        NoPagination
    }

    fn actions(&self) -> Vec<Action<Self>> {
        vec![Action::list("by_name").url_path("by-name/(?P<name>[^/.]+)").get(Self::by_name)]
    }
}

impl GenreViewSet {
    async fn by_name(&self, cx: &mut Context) -> Result<Response> {
        let name = cx.request.kwarg("name").unwrap_or_default().to_owned();
        let named = Genre::objects().filter_by(Genre::fields().name().iexact(name));
        cx.respond_one(named, GenreSerializer::description()).await
    }
}

pub struct MediaTypeViewSet;

impl ViewSet for MediaTypeViewSet {
    type Base = ModelViewSet;
    type Serializer = MediaTypeSerializer;

    fn policies(&self) -> Policies {
        Policies::inherit().permissions(IsAdminUser.or(ReadOnly))
    }

    fn pagination(&self) -> impl Pagination + 'static {
        NoPagination
    }
}

pub struct PlaylistViewSet;

impl ViewSet for PlaylistViewSet {
    type Base = ModelViewSet;
    type Serializer = PlaylistSerializer;

    const FILTERSET_CLASS: Filters<Playlist> = Filters::of::<PlaylistFilter>();
    const SEARCH_FIELDS: SearchFields<Playlist> = search_fields![name, owner__username];
    const ORDERING_FIELDS: OrderingFields<Playlist> =
        ordering_fields![id, name, created_at, track_count];

    fn policies(&self) -> Policies {
        Policies::inherit().permissions((IsAuthenticatedOrReadOnly, IsOwnerOrReadOnly))
    }

    fn get_queryset(&self, cx: &Context) -> QuerySet<Playlist> {
        let playlists = Playlist::objects();
        match cx.user() {
            Some(user) if user.is_superuser => playlists,
            Some(user) => {
                playlists.filter(playlist::is_public.eq(true).or(playlist::owner_id.eq(user.id)))
            }
            None => playlists.filter(playlist::is_public.eq(true)),
        }
    }

    fn get_serializer(&self, action: &str) -> &'static Description {
        match action {
            "list" | "mine" => PlaylistSerializer::description(),
            _ => PlaylistDetailSerializer::description(),
        }
    }

    async fn perform_create(&self, new: Changes<Playlist>, cx: &mut Context) -> Result<Playlist> {
        cx.save(new.set(playlist::owner_id, cx.user().map(|user| user.id))).await
    }

    fn actions(&self) -> Vec<Action<Self>> {
        vec![
            Action::list("mine")
                .get(Self::mine)
                .many()
                .policies(Policies::inherit().permissions(IsAuthenticated)),
            Action::detail("add_tracks")
                .url_path("tracks")
                .url_name("tracks")
                .post(Self::add_tracks)
                .map(Method::DELETE, "remove_tracks", Self::remove_tracks)
                .takes(PlaylistTracksSerializer::description()),
        ]
    }
}

impl PlaylistViewSet {
    async fn mine(&self, cx: &mut Context) -> Result<Response> {
        let owner = cx.user().map_or(0, |user| user.id);
        let own = self.get_queryset(cx).filter(playlist::owner_id.eq(owner));
        let own = cx.filter_queryset(own).await?;
        cx.paginate(own, PlaylistSerializer::description()).await
    }

    async fn add_tracks(&self, cx: &mut Context) -> Result<Response> {
        let playlist = cx.object(self.get_queryset(cx)).await?;
        let PlaylistTracksSerializer { tracks } = cx.validated().await?;
        let count = cx
            .retrying_transaction(async |cx| {
                // the playlist is locked by the first of these
                let links = cx.links(&playlist, Playlist::fields().tracks());
                links.add(tracks.iter().map(PrimaryKeyRelated::key)).await?;
                cx.save(Changes::of(&playlist)).await?;
                links.count().await
            })
            .await?;
        Response::new(&json!({"id": playlist.id, "track_count": count}))
    }

    async fn remove_tracks(&self, cx: &mut Context) -> Result<Response> {
        let playlist = cx.object(self.get_queryset(cx)).await?;
        let PlaylistTracksSerializer { tracks } = cx.validated().await?;
        cx.retrying_transaction(async |cx| {
            let links = cx.links(&playlist, Playlist::fields().tracks());
            links.remove(tracks.iter().map(PrimaryKeyRelated::key)).await?;
            cx.save(Changes::of(&playlist)).await
        })
        .await?;
        Ok(Response::empty(204))
    }
}

pub struct InvoiceViewSet;

impl ViewSet for InvoiceViewSet {
    type Base = ModelViewSet;
    type Serializer = InvoiceSerializer;

    const FILTERSET_CLASS: Filters<Invoice> = Filters::of::<InvoiceFilter>();
    const SEARCH_FIELDS: SearchFields<Invoice> = search_fields![billing_city, customer__last_name];
    const ORDERING_FIELDS: OrderingFields<Invoice> = ordering_fields![id, invoice_date, total];
    const ORDERING: Ordering<Invoice> = order_by![-invoice_date, -id];

    fn policies(&self) -> Policies {
        Policies::inherit().permissions((IsAuthenticated, DjangoModelPermissions::new()))
    }

    fn pagination(&self) -> impl Pagination + 'static {
        CursorPagination::new()
            .page_size(10)
            .page_size_query_param("page_size")
            .max_page_size(50)
            .ordering(Self::ORDERING)
    }

    async fn perform_create(&self, mut new: Changes<Invoice>, cx: &mut Context) -> Result<Invoice> {
        let lines = new.take_nested("lines").unwrap_or_default();
        let invoice = cx.save(new.set(invoice::total, Decimal::ZERO)).await?;
        self.write_lines(&invoice, lines, cx).await
    }

    async fn perform_update(
        &self,
        mut changes: Changes<Invoice>,
        cx: &mut Context,
    ) -> Result<Invoice> {
        let lines = changes.take_nested("lines");
        let invoice = cx.save(changes).await?;
        let Some(lines) = lines else { return Ok(invoice) };
        cx.execute(diesel::delete(
            invoice_line::table.filter(invoice_line::invoice_id.eq(invoice.id)),
        ))
        .await?;
        self.write_lines(&invoice, lines, cx).await
    }

    fn actions(&self) -> Vec<Action<Self>> {
        vec![Action::list("summary").get(Self::summary)]
    }
}

impl InvoiceViewSet {
    /// Stores the lines and the total. What is refused here is refused after rows were written:
    /// the transaction undoes them.
    async fn write_lines(
        &self,
        invoice: &Invoice,
        lines: Vec<Changes<InvoiceLine>>,
        cx: &mut Context,
    ) -> Result<Invoice> {
        let wanted: Vec<i64> =
            lines.iter().filter_map(|line| line.get(invoice_line::track_id)).collect();
        let tracks = cx.all(Track::objects().filter(track::id.eq_any(wanted))).await?;
        let tracks: HashMap<i64, Track> =
            tracks.into_iter().map(|track| (track.id, track)).collect();
        let (mut seen, mut total) = (HashSet::new(), Decimal::ZERO);
        for line in lines {
            let track = line.get(invoice_line::track_id).and_then(|key| tracks.get(&key));
            let Some(track) = track else {
                return Err(ApiException::validation("A track is gone."));
            };
            if !seen.insert(track.id) {
                let text = format!("Track {} is listed twice.", track.id);
                return Err(ApiException::validation(Detail::field("lines", [text])));
            }
            let price = line.get(invoice_line::unit_price).unwrap_or(track.unit_price);
            let line =
                line.set(invoice_line::invoice_id, invoice.id).set(invoice_line::unit_price, price);
            let line = cx.save(line).await?;
            total += price * line.quantity;
        }
        if total > Decimal::new(9_999_999_999, 2) {
            return Err(ApiException::validation("The invoice total is too large."));
        }
        cx.save(Changes::of(invoice).set(invoice::total, total)).await
    }

    async fn summary(&self, cx: &mut Context) -> Result<Response> {
        let invoices = cx.filter_queryset(self.get_queryset(cx)).await?;
        let (count, total) = cx.sum(invoices, invoice::total).await?;
        Response::new(&json!({"count": count, "total": total.unwrap_or_default()}))
    }
}

pub struct InvoiceLineViewSet;

impl ViewSet for InvoiceLineViewSet {
    type Base = (RetrieveModelMixin, ListModelMixin);
    type Serializer = InvoiceLineSerializer;

    const FILTERSET_FIELDS: Filters<InvoiceLine> = filter_fields![invoice, track];

    /// Reading, too, needs the permission to view.
    fn policies(&self) -> Policies {
        let view = &["%(app_label)s.view_%(model_name)s"];
        let strict = DjangoModelPermissions::new().perms_map(Method::GET, view);
        Policies::inherit().permissions(strict)
    }
}

pub struct CustomerViewSet;

impl ViewSet for CustomerViewSet {
    type Base = ModelViewSet;
    type Serializer = CustomerSerializer;

    const FILTERSET_FIELDS: Filters<Customer> =
        filter_fields![country(exact, in), support_rep(exact, isnull), company(isnull)];
    const SEARCH_FIELDS: SearchFields<Customer> = search_fields![^last_name, =country, email];
    const ORDERING_FIELDS: OrderingFields<Customer> = ordering_fields![last_name, email];

    fn policies(&self) -> Policies {
        Policies::inherit().permissions(IsAdminUser)
    }
}

pub struct EmployeeViewSet;

impl ViewSet for EmployeeViewSet {
    type Base = ModelViewSet;
    type Serializer = EmployeeSerializer;

    const FILTERSET_FIELDS: Filters<Employee> = filter_fields![title, reports_to, hire_date];

    fn policies(&self) -> Policies {
        Policies::inherit().permissions(IsAuthenticated)
    }

    fn actions(&self) -> Vec<Action<Self>> {
        vec![Action::detail("tree").get(Self::tree)]
    }
}

impl EmployeeViewSet {
    /// The employee with everybody below, in one statement for all levels.
    async fn tree(&self, cx: &mut Context) -> Result<Response> {
        let employee = cx.object(self.get_queryset(cx)).await?;
        let tree = cx.descendants(&employee, Employee::fields().reports_to()).await?;
        Response::new(&tree.fold(|employee, below| {
            json!({"id": employee.id, "last_name": employee.last_name, "subordinates": below})
        }))
    }
}

/// Accounts, for staff.
pub struct UserViewSet;

impl ViewSet for UserViewSet {
    type Base = (CreateModelMixin, RetrieveModelMixin, UpdateModelMixin, ListModelMixin);
    type Serializer = UserSerializer;

    const LOOKUP_FIELD: LookupField<User> = lookup_field!(username);
    const LOOKUP_VALUE_REGEX: Option<&'static str> = Some(r"[\w@+-]+");

    fn policies(&self) -> Policies {
        Policies::inherit().permissions(IsAdminUser)
    }

    async fn perform_create(&self, new: Changes<User>, cx: &mut Context) -> Result<User> {
        cx.save(hashed(new, cx).await?).await
    }

    async fn perform_update(&self, changes: Changes<User>, cx: &mut Context) -> Result<User> {
        cx.save(hashed(changes, cx).await?).await
    }
}

/// The same changes with the hash of the password, if there is one.
async fn hashed(mut changes: Changes<User>, cx: &Context) -> Result<Changes<User>> {
    let Some(password) = changes.take::<String>("password") else { return Ok(changes) };
    Ok(changes.set(user::password, cx.hashers().make(&password).await?))
}
