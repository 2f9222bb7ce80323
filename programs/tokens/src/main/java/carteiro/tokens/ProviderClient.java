package carteiro.tokens;

import carteiro.wire.TlsTrust;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Asks the identity provider over HTTPS: the certificate is of the URL's host and leads to an authority, redirects are not followed,
 * and an answer is bounded in octets and in time. Safe for any number of threads.
 */
final class ProviderClient implements AutoCloseable {
    private static final Duration CONNECT = Duration.ofSeconds(5);

    /** For a question and its whole answer. Twice that is below the minute that lookup waits (docs/protocols/tokens.md). */
    static final Duration LIMIT = Duration.ofSeconds(10);

    /** Questions at once; more wait, at most as long as one may take. */
    private static final int MOST = 64;

    private static final int OK = 200;

    private final HttpClient http;
    private final Semaphore free = new Semaphore(MOST);

    private final Duration limit;

    /** @param limit for a question and its whole answer */
    ProviderClient(TlsTrust trust, Duration limit) {
        this.limit = limit;
        http = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .followRedirects(HttpClient.Redirect.NEVER)
                .connectTimeout(CONNECT)
                .sslContext(trust.context())
                .build();
    }

    /** @throws IOException if there is no answer, or another one than 200 with at most {@code most} octets */
    byte[] get(URI url, int most) throws IOException {
        return ask(HttpRequest.newBuilder(url).GET(), most);
    }

    /** @throws IOException as {@link #get} */
    byte[] post(URI url, ClientSecret client, byte[] form, int most) throws IOException {
        return ask(
                HttpRequest.newBuilder(url)
                        .header("Authorization", client.authorization())
                        .header("Content-Type", "application/x-www-form-urlencoded")
                        .POST(HttpRequest.BodyPublishers.ofByteArray(form)),
                most);
    }

    private byte[] ask(HttpRequest.Builder question, int most) throws IOException {
        try {
            if (!free.tryAcquire(limit.toNanos(), TimeUnit.NANOSECONDS)) {
                throw new IOException(MOST + " questions are on their way already");
            }
            try {
                return answer(
                        http.sendAsync(
                                question.header("Accept", "application/json").build(),
                                BodyHandlers.limiting(BodyHandlers.ofByteArray(), most)),
                        most);
            } finally {
                free.release();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    private byte[] answer(CompletableFuture<HttpResponse<byte[]>> asked, int most)
            throws IOException, InterruptedException {
        try {
            HttpResponse<byte[]> answer = asked.get(limit.toNanos(), TimeUnit.NANOSECONDS);
            if (answer.statusCode() == OK) {
                return answer.body();
            }
            throw new IOException("it answers with status " + answer.statusCode() + what(answer.statusCode()));
        } catch (TimeoutException e) {
            asked.cancel(true);
            throw new IOException("no whole answer within " + limit.toMillis() + " ms", e);
        } catch (ExecutionException e) {
            throw new IOException(why(e, most), e);
        }
    }

    private static String what(int status) {
        if (status >= 300 && status < 400) {
            return ", a redirect, which is not followed; write the URL that it leads to";
        }
        return status == 401 || status == 403 ? "; are id and secret in control/oauthclient right?" : "";
    }

    private static String why(ExecutionException failed, int most) {
        Throwable cause = failed.getCause() == null ? failed : failed.getCause();
        String text = String.valueOf(cause.getMessage());
        return text.contains("exceed") && text.contains("capacity")
                ? "its answer has over " + most + " octets"
                : cause.getClass().getSimpleName() + (cause.getMessage() == null ? "" : ": " + text);
    }

    @Override
    public void close() {
        http.shutdownNow();
    }
}
