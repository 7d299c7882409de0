// SPDX-License-Identifier: Apache-2.0

enum ShopifySamples {
    private static let headers = [
        (name: "X-Shopify-Shop-Domain", value: "nordlicht.myshopify.com"), (name: "X-Shopify-API-Version", value: "2026-10"),
    ]

    static let all = [
        Sample(
            "orders/create",
            #"""
            {"id":$NUMBER,"admin_graphql_api_id":"gid://shopify/Order/$NUMBER","name":"#1042","email":"ines@example.com","created_at":"$TIME",
            "currency":"EUR","total_price":"43.00","subtotal_price":"36.13","total_tax":"6.87","financial_status":"paid","fulfillment_status":null,
            "line_items":[{"id":866550311766439020,"title":"Storm lamp","sku":"LAMP-7","quantity":1,"price":"43.00"}],"customer":{
            "id":115310627314723954,"email":"ines@example.com","first_name":"Inês","last_name":"Duarte"},"shipping_address":{"city":"Porto","country_code":"PT"}}
            """#, headers: headers),
        Sample(
            "products/update",
            #"""
            {"id":$NUMBER,"title":"Storm lamp","vendor":"Nordlicht","product_type":"Lamps","status":"active","updated_at":"$TIME","tags":"brass, sea",
            "variants":[{"id":642667041472713922,"sku":"LAMP-7","price":"43.00","inventory_quantity":12}]}
            """#, headers: headers),
        Sample(
            "app/uninstalled",
            #"{"id":548380009,"name":"Nordlicht","domain":"nordlicht.example","myshopify_domain":"nordlicht.myshopify.com","country":"DE","plan_name":"basic"}"#,
            headers: headers),
    ]
}
