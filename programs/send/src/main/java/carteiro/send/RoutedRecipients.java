package carteiro.send;

import carteiro.mail.RecipientList;
import carteiro.protocol.Route;
import java.util.List;

/**
 * Recipients as queue tells them, and where lookup sends them.
 *
 * @param routes one for each, in their order
 */
record RoutedRecipients(RecipientList recipients, List<Route> routes) {
    /** None. */
    static final RoutedRecipients NONE = new RoutedRecipients(RecipientList.of(List.of()), List.of());

    RoutedRecipients {
        if (routes.size() != recipients.size()) {
            throw new IllegalArgumentException(routes.size() + " routes for " + recipients.size() + " recipients");
        }
        routes = List.copyOf(routes);
    }

    boolean isEmpty() {
        return routes.isEmpty();
    }

    int size() {
        return routes.size();
    }
}
