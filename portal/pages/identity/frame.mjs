// What scripts add to pages that work without them: a second press of a button is not sent, faults get the focus, the menu folds on small screens.
import { Button, ErrorSummary, NotificationBanner, ServiceNavigation, SkipLink } from "govuk-frontend";

document.body.classList.add("js-enabled", "govuk-frontend-supported");
for (const Part of [Button, ErrorSummary, NotificationBanner, ServiceNavigation, SkipLink]) {
  for (const element of document.querySelectorAll(`[data-module="${Part.moduleName}"]`)) {
    try {
      new Part(element);
    } catch {
      // Without it the page still works.
    }
  }
}
