"use strict";
SwaggerUIBundle({ url: "/api/openapi.json", dom_id: "#interface", validatorUrl: null, deepLinking: true, tryItOutEnabled: true });
