// Opens Swagger UI over the document that the page names.
(function () {
  "use strict";
  try {
    // Where earlier releases kept them.
    localStorage.removeItem("authorized");
  } catch (refused) {
    // A browser that lets the page store nothing has stored nothing.
  }
  const root = document.getElementById("swagger-ui");
  window.ui = SwaggerUIBundle({
    domNode: root,
    url: root.dataset.schemaUrl,
    // The validator badge would call a server of Swagger's.
    validatorUrl: null,
    deepLinking: true,
    displayOperationId: true,
    filter: true,
    // Passwords and keys are for the page that is open: nothing of them stays on the machine.
    persistAuthorization: false,
    presets: [SwaggerUIBundle.presets.apis],
    layout: "BaseLayout",
  });
})();
