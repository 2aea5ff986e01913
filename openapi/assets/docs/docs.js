// Opens Swagger UI over the document that the page names.
(function () {
  "use strict";
  const root = document.getElementById("swagger-ui");
  window.ui = SwaggerUIBundle({
    domNode: root,
    url: root.dataset.schemaUrl,
    // The validator badge would call a server of Swagger's.
    validatorUrl: null,
    deepLinking: true,
    displayOperationId: true,
    filter: true,
    persistAuthorization: true,
    presets: [SwaggerUIBundle.presets.apis],
    layout: "BaseLayout",
  });
})();
