package carteiro.log;

/**
 * One event. Implemented by records, whose components become the fields of the JSON form, beside its {@link EventName} and its
 * program; the text form is {@link #line()}. Every event of the product stands in docs/programs/events.md.
 */
public interface LogEvent {
    /** The program that says it. */
    String program();

    /** The event as a line without its end: octets 32 to 126; what came from outside went through {@link LogText}. */
    String line();
}
